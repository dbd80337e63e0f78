import { FleetError } from '../../base/errors.ts';
import type { Machine } from '../ssh/machine.ts';
import { type Place, readHardwareFile, untrackedNote } from './hardware-file.ts';
import { type HardwareRequest, readHardware } from './read-hardware.ts';

/** What a machine said of itself, or why it said nothing. */
export type HardwareAnswer =
  | { content: string }
  /** It could not be reached: what it said last holds. */
  | { unreached: string }
  | { failure: FleetError };

/**
 * Asks machines, all at once and in one ssh round trip each, what they are made of. Changes nothing and never fails: a failure
 * is the answer of its machine. A requested machine that does not exist yet is left out.
 */
export async function askHardware(
  requests: Readonly<Record<string, HardwareRequest>>,
  machines: Readonly<Record<string, Machine>>,
): Promise<Record<string, HardwareAnswer>> {
  const answers = Object.entries(requests).map(async ([host, request]) => {
    const machine = machines[host];
    return machine ? [[host, await ask(machine, request)] as const] : [];
  });
  return Object.fromEntries((await Promise.all(answers)).flat());
}

async function ask(machine: Machine, request: HardwareRequest): Promise<HardwareAnswer> {
  try {
    return { content: await readHardware(machine, request) };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return error.code === 'hardware-failed'
      ? { failure: error }
      : { unreached: `${error.why ?? error.message} [${error.code}]` };
  }
}

/** Warnings of machines that were not reached, and of files that a flake in git does not see. */
export async function hardwareNotes(
  answers: Readonly<Record<string, HardwareAnswer>>,
  places: Readonly<Record<string, Place>>,
): Promise<string[]> {
  const unreached = Object.entries(answers).flatMap(([host, answer]) =>
    'unreached' in answer ? [`the hardware of ${host} could not be detected: ${answer.unreached}`] : [],
  );
  const there = Object.values(places).filter((place) => readHardwareFile(place) !== undefined);
  const untracked = await Promise.all(there.map(untrackedNote));
  return [...unreached, ...untracked.filter((note) => note !== undefined)];
}
