import { FleetError } from '../base/errors.ts';
import { sameMachine } from './guard.ts';
import { operator } from './operator.ts';
import type { MachineReading, SystemsReading } from './parse-reading.ts';
import { parseResult } from './record/result.ts';
import type { Machine } from './ssh/machine.ts';
import { lastFailure } from './switch/explain.ts';

/** Longest time that Pulumi waits for machines, in seconds. */
const limitSeconds = 10;

/** A machine's reading, or why it could not be read. */
export type LiveResult<Reading extends SystemsReading = MachineReading> =
  | { reading: Reading }
  | { problem: string };

/**
 * Reads the live systems of machines, all at once and in one ssh round trip each. Changes nothing. A machine that cannot be
 * read yields a `problem` instead of an error.
 * @param read `readMachine` or `readSystems`
 */
export async function readLiveSystems<Reading extends SystemsReading>(
  machines: Readonly<Record<string, Machine>>,
  read: (machine: Machine, options: { timeoutSeconds: number }) => Promise<Reading>,
): Promise<Record<string, LiveResult<Reading>>> {
  const tryRead = async (machine: Machine): Promise<LiveResult<Reading>> =>
    await read(machine, { timeoutSeconds: limitSeconds }).then((reading) => ({ reading }), problemOf);
  const results = Object.entries(machines).map(
    async ([host, machine]) => [host, await tryRead(machine)] as const,
  );
  return Object.fromEntries(await Promise.all(results));
}

function problemOf(error: unknown): { problem: string } {
  if (!(error instanceof FleetError)) throw error;
  return { problem: `${error.why ?? error.message} [${error.code}]` };
}

/** A note for the preview; undefined if the machine runs what this operator or nobody deployed last, or the desired system. */
export function describeLive(
  result: LiveResult,
  host: string,
  desired?: string,
  me = operator(),
): string | undefined {
  if ('problem' in result) return `the live system of ${host} could not be read: ${result.problem}`;
  return liveNote(result.reading, host, desired) ?? otherOperatorNote(result.reading, host, desired, me);
}

/**
 * A note on a machine that does not run what was last deployed to it, or whose last pull failed, by its own records alone. Undefined if it does, if it
 * runs the desired system, or if nothing was deployed to it yet.
 */
function liveNote(reading: MachineReading, host: string, desired?: string): string | undefined {
  const { system, record } = reading;
  const last = parseResult(reading.lastResult);
  if (last?.by.startsWith('pull@') && last.outcome !== 'confirmed' && last.outcome !== 'locked')
    return lastFailure(reading);
  if (!system || system === desired) return undefined;
  if (!record) return `${host} runs ${system}, which nixos-fleet did not deploy`;
  if (!last) return undefined;
  const expected = last.outcome === 'confirmed' ? last.system : last.previous;
  // After `boot`, the previous system is live until the reboot and the new one after it.
  const alternative = last.action === 'boot' ? last.previous : expected;
  // The previous system is recorded by its own path, which may be a specialisation's.
  if (!expected || [expected, alternative].some((path) => path === system || path === reading.current))
    return undefined;
  const when = new Date(last.endedAt * 1000).toISOString();
  return `${host} runs ${system} instead of ${expected}, which the last deployment (by ${last.by}, ${when}) left live`;
}

/**
 * Refuses hosts that lead to one machine.
 * @throws FleetError owned-by-other
 */
export function assertDistinct(results: Readonly<Record<string, LiveResult<SystemsReading>>>): void {
  const read = Object.entries(results).flatMap(([host, result]) =>
    'reading' in result ? [{ host, ...result.reading }] : [],
  );
  // Machines that were made from one image may have one machine-id.
  const groups = Map.groupBy(read, ({ machineId, bootId }) => `${machineId}/${bootId}`);
  for (const [first, ...others] of groups.values()) {
    if (first && others.length > 0)
      throw sameMachine(
        [first, ...others].map(({ host }) => host),
        first.machineId,
      );
  }
}

/** A note on a machine that another stack deployed last; undefined if none did, or if it may be taken over. */
export function describeForeignOwner(
  result: LiveResult,
  host: string,
  { stack, takeOverFrom }: { stack: string; takeOverFrom?: string | undefined },
): string | undefined {
  const owner = 'reading' in result ? result.reading.owner : undefined;
  if (!owner || owner.stack === stack || owner.stack === takeOverFrom) return undefined;
  return `${host} was deployed last by the stack ${owner.stack} (by ${owner.by}, ${owner.since}): unless this is that stack under a new name, up refuses it without takeOverFrom: ${owner.stack}`;
}

/** A note on a live system that another operator deployed: a state of one's own knows nothing of it. */
function otherOperatorNote(
  { system, record }: MachineReading,
  host: string,
  desired: string | undefined,
  me: string,
): string | undefined {
  if (desired === undefined || system === desired || !record || record.by === me) return undefined;
  return `${host} runs ${system}, deployed by ${record.by} at ${record.at}: if this preview shows no change of ${host}, its state is older than that; record the live system by pulumi refresh`;
}

/** A machine's live system as a plan records it, with the system of the next boot if that differs. */
export function liveSystem(result: LiveResult<SystemsReading>): string {
  if ('problem' in result) return 'not reached';
  const { system, profileSystem } = result.reading;
  return system === profileSystem
    ? system || 'none'
    : `${system || 'none'}, next boot ${profileSystem || 'none'}`;
}
