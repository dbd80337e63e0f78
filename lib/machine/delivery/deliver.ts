import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { hasCode } from '../../base/errors.ts';
import { copyToMachine } from '../copy-to-machine.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import { dryRunArguments, dryRunScript, type Offer, parseOffer } from './dry-run.ts';
import { substitute } from './substitute.ts';

export interface DeliverRequest {
  system: string;
  /** Undefined in the state of an earlier version, which copied. */
  delivery: DeploymentInputs['delivery'] | undefined;
  signal?: AbortSignal;
  status: (line: string) => void;
  warn: (line: string) => void;
}

/** Longest time that a machine may take to ask its caches, in seconds. */
const askSeconds = 90;

/**
 * Brings a closure to a machine: sent from here, or fetched by the machine from its caches. With `auto`, caches decide how
 * quick it is, and never whether it succeeds.
 * @throws FleetError substitution-failed, and what `copyToMachine` throws
 */
export async function deliver(machine: Machine, request: DeliverRequest): Promise<void> {
  const { delivery = 'copy', status, warn } = request;
  if (delivery === 'copy') return await copy(machine, request);
  if (delivery === 'substitute') {
    status('the machine fetches the system from its caches');
    return await substitute(machine, request);
  }
  status('the machine asks its caches');
  const offer = await askOffer(machine, request);
  if (offer.silent.length > 0) warn(`${machine.name}: no answer from ${offer.silent.join(', ')}`);
  if (offer.has !== 'all')
    return await copy(machine, request, offer.has === 'none' && offer.silent.length === 0);
  status(`the machine fetches ${offer.paths} paths, ${offer.mebibytes} MiB, from its caches`);
  try {
    // One that hangs has cost its time already.
    const from = offer.silent.length > 0 ? { from: offer.answering } : {};
    await substitute(machine, { ...request, ...from });
  } catch (error) {
    if (!hasCode(error, 'substitution-failed')) throw error;
    warn(`${error.message}\nIt is copied instead.`);
    await copy(machine, request);
  }
}

/** What the machine's caches have; `unknown` where that took too long or failed. */
async function askOffer(machine: Machine, { system, signal }: DeliverRequest): Promise<Offer> {
  const nothing: Offer = { has: 'unknown', paths: 0, mebibytes: 0, silent: [], answering: [] };
  const options = { timeoutSeconds: askSeconds, signal, args: dryRunArguments(system) };
  try {
    return parseOffer(await runScript(machine, dryRunScript, options));
  } catch (error) {
    if (hasCode(error, 'unreachable')) return nothing;
    throw error;
  }
}

/** Sends what is missing; of that, the machine may fetch what its caches have by themselves. */
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
