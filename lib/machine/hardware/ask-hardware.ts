import { FleetError } from '../../base/errors.ts';
import type { Machine } from '../ssh/machine.ts';
import { type Place, readHardwareFile, untrackedNote } from './hardware-file.ts';
import { type HardwareRequest, readHardware } from './read-hardware.ts';

/** A machine's detected hardware, or why it could not be detected. */
export type HardwareResult =
  | { content: string }
  /** The machine could not be reached: the last detected hardware stays valid. */
  | { unreached: string }
  | { failure: FleetError };

/**
 * Detects the hardware of machines, all at once and in one ssh round trip each. Changes nothing. A failure becomes the result
 * of its machine instead of an error. A requested machine that does not exist yet is left out.
 */
export async function askHardware(
  requests: Readonly<Record<string, HardwareRequest>>,
  machines: Readonly<Record<string, Machine>>,
): Promise<Record<string, HardwareResult>> {
  const results = Object.entries(requests).map(async ([host, request]) => {
    const machine = machines[host];
    return machine ? [[host, await tryDetect(machine, request)] as const] : [];
  });
  return Object.fromEntries((await Promise.all(results)).flat());
}

async function tryDetect(machine: Machine, request: HardwareRequest): Promise<HardwareResult> {
  try {
    return { content: await readHardware(machine, request) };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return error.code === 'hardware-failed'
      ? { failure: error }
      : { unreached: `${error.why ?? error.message} [${error.code}]` };
  }
}

/** Warnings for machines that were not reached, and for files that git does not track. */
export async function hardwareNotes(
  answers: Readonly<Record<string, HardwareResult>>,
  places: Readonly<Record<string, Place>>,
): Promise<string[]> {
  const unreached = Object.entries(answers).flatMap(([host, answer]) =>
    'unreached' in answer ? [`the hardware of ${host} could not be detected: ${answer.unreached}`] : [],
  );
  const existing = Object.values(places).filter((place) => readHardwareFile(place) !== undefined);
  const untracked = await Promise.all(existing.map(untrackedNote));
  return [...unreached, ...untracked.filter((note) => note !== undefined)];
}
