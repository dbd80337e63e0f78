import { FleetError } from '../base/errors.ts';
import { liveNote } from './live-note.ts';
import type { MachineReading } from './parse-reading.ts';
import { readMachine } from './read-machine.ts';
import type { Machine } from './ssh/machine.ts';

/** Longest time that Pulumi waits for machines, in seconds. */
const limitSeconds = 10;

/** What a machine said when it was asked what it runs: its reading, or why there is none. */
export type LiveAnswer = { reading: MachineReading } | { problem: string };

/**
 * Asks machines, all at once and in one ssh round trip each, what they run. Changes nothing, and never fails: the answer of a
 * machine that cannot be asked is why.
 */
export async function askMachines(
  machines: Readonly<Record<string, Machine>>,
): Promise<Record<string, LiveAnswer>> {
  const answers = Object.entries(machines).map(
    async ([host, machine]) => [host, await ask(machine)] as const,
  );
  return Object.fromEntries(await Promise.all(answers));
}

async function ask(machine: Machine): Promise<LiveAnswer> {
  try {
    return { reading: await readMachine(machine, { timeoutSeconds: limitSeconds }) };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return { problem: `${error.why ?? error.message} [${error.code}]` };
  }
}

/** What to tell of a machine before it is deployed; nothing where it runs what was deployed to it last. */
export function noteOf(answer: LiveAnswer, host: string, asked?: string): string | undefined {
  if ('problem' in answer) return `${host} could not be asked what it runs: ${answer.problem}`;
  return liveNote(answer.reading, host, asked);
}

/** A machine's live system as a plan keeps it, with that of the next boot where it is another one. */
export function liveSystem(answer: LiveAnswer): string {
  if ('problem' in answer) return 'not reached';
  const { system, profileSystem } = answer.reading;
  return system === profileSystem
    ? system || 'none'
    : `${system || 'none'}, next boot ${profileSystem || 'none'}`;
}
