import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { hasCode } from '../../base/errors.ts';
import { copyToMachine } from '../copy-to-machine.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import { dryRunArguments, dryRunScript, type Offer, parseOffer } from './dry-run.ts';
import { substitute } from './substitute.ts';

export interface DeliverRequest {
  system: string;
  /** Undefined in a state written by an earlier version, which always copied. */
  delivery: DeploymentInputs['delivery'] | undefined;
  signal?: AbortSignal;
  status: (line: string) => void;
  warn: (line: string) => void;
}

/** Limit for querying the caches, in seconds. */
const querySeconds = 90;

/**
 * Delivers a closure to a machine: copied from here, or fetched by the machine from its caches. With `auto`, caches make it
 * faster, but a cache that is down or refused never makes it fail.
 * @throws FleetError substitution-failed, and what `copyToMachine` throws
 */
export async function deliver(machine: Machine, request: DeliverRequest): Promise<void> {
  const { delivery = 'copy', status, warn } = request;
  if (delivery === 'copy') return await copy(machine, request);
  if (delivery === 'substitute') {
    status('fetching the system from the machine’s caches');
    return await substitute(machine, request);
  }
  status('querying the machine’s caches');
  const offer = await readOffer(machine, request);
  if (offer.unresponsive.length > 0) warn(`${machine.name}: no answer from ${offer.unresponsive.join(', ')}`);
  if (offer.has !== 'all')
    return await copy(machine, request, offer.has === 'none' && offer.unresponsive.length === 0);
  status(`fetching ${offer.paths} paths, ${offer.mebibytes} MiB, from the machine’s caches`);
  try {
    // Skip caches that timed out before.
    const from = offer.unresponsive.length > 0 ? { from: offer.responsive } : {};
    await substitute(machine, { ...request, ...from });
  } catch (error) {
    if (!hasCode(error, 'substitution-failed')) throw error;
    warn(`${error.message}\nThe system is copied instead.`);
    await copy(machine, request);
  }
}

/** What the machine's caches have; `unknown` if the query timed out or failed. */
async function readOffer(machine: Machine, { system, signal }: DeliverRequest): Promise<Offer> {
  const unknown: Offer = { has: 'unknown', paths: 0, mebibytes: 0, unresponsive: [], responsive: [] };
  const options = { timeoutSeconds: querySeconds, signal, args: dryRunArguments(system) };
  try {
    return parseOffer(await runScript(machine, dryRunScript, options));
  } catch (error) {
    if (hasCode(error, 'unreachable')) return unknown;
    throw error;
  }
}

/** Copies the closure; with `withCaches`, the machine first fetches what its caches have. */
async function copy(machine: Machine, request: DeliverRequest, withCaches = false): Promise<void> {
  const { system, signal, status } = request;
  status('copying the system to the machine');
  await copyToMachine(machine, {
    paths: [system],
    substituteOnDestination: withCaches,
    signal,
    onProgress: status,
  });
}
