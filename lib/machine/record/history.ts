import type { Machine } from '../ssh/machine.ts';
import { type ActivationResult, parseResult } from './result.ts';

/**
 * The newest deployments to a machine by anyone, newest first, read from the machine's own history.
 * @throws FleetError unreachable, host-key, access-denied, cancelled
 */
export async function readHistory(machine: Machine, count: number): Promise<ActivationResult[]> {
  const words = ['tail', '-n', String(Math.trunc(count)), '/var/lib/nixos-fleet/history.jsonl'];
  // Without a history, tail prints nothing.
  return parseHistory((await machine.run(words)).stdout);
}

/** Parses a history, newest first. Skips lines that cannot be parsed. */
export function parseHistory(text: string): ActivationResult[] {
  return text
    .split('\n')
    .flatMap((line) => parseResult(line || undefined) ?? [])
    .reverse();
}

/** One line of readable history: time, deployer, system, revision, outcome. */
export function describeDeployment(result: ActivationResult): string {
  const { endedAt, by, action, revision, system } = result;
  const what = action === 'switch' ? '' : ` (${action})`;
  const from = revision ? `, revision ${revision.slice(0, 12)}` : '';
  return `${isoSeconds(endedAt)} ${by}: ${shortSystem(system)}${what}${from}: ${describeOutcome(result)}`;
}

/** How a deployment ended. */
export function describeOutcome({ outcome, wentBack }: ActivationResult): string {
  return outcome === 'confirmed' ? outcome : `${outcome}, rolled back: ${wentBack}`;
}

/** A store path's name with eight letters of its hash, which distinguish systems of the same name. */
export function shortSystem(path: string): string {
  if (!path) return 'none';
  return path.replace(/^\/nix\/store\/([0-9a-z]{8})[0-9a-z]{24}-(.*)$/, '$2 ($1)');
}

function isoSeconds(secondsSince1970: number): string {
  return new Date(secondsSince1970 * 1000).toISOString().replace('.000Z', 'Z');
}
