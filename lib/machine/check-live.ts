import { type Connection, connection } from '../../schema/connection.ts';
import { FleetError } from '../base/errors.ts';
import { liveNote } from './live-note.ts';
import type { MachineReading } from './parse-reading.ts';
import { readMachine } from './read-machine.ts';

/** Longest time that Pulumi waits for machines, in seconds. */
const limitSeconds = 10;

/** What a machine said when it was asked what it runs: its reading, or why there is none. */
export type LiveAnswer = { reading: MachineReading } | { problem: string };

/**
 * Asks machines, all at once and in one ssh round trip each, what they run. Changes nothing, and never fails: a machine
 * that cannot be asked is told too. One without a connection has yet to be made, and is left out.
 */
export async function askMachines(
  connections: Readonly<Record<string, unknown>>,
): Promise<Record<string, LiveAnswer>> {
  const answers = Object.entries(connections).map(async ([host, given]) => {
    const parsed = connection.safeParse(given);
    // What is wrong with it is told by the resource.
    return parsed.success ? [[host, await ask(parsed.data, host)] as const] : [];
  });
  return Object.fromEntries((await Promise.all(answers)).flat());
}

async function ask(connection: Connection, host: string): Promise<LiveAnswer> {
  try {
    return { reading: await readMachine(connection, host, { timeoutSeconds: limitSeconds }) };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return { problem: `${error.why ?? error.message} [${error.code}]` };
  }
}

/** What to tell of a machine before it is deployed; nothing where it runs what was deployed to it last. Pure. */
export function noteOf(answer: LiveAnswer, host: string, asked?: string): string | undefined {
  if ('problem' in answer) return `${host} could not be asked what it runs: ${answer.problem}`;
  return liveNote(answer.reading, host, asked);
}

/** A machine's live system as a plan keeps it, with that of the next boot where it is another one. Pure. */
export function liveSystem(answer: LiveAnswer): string {
  if ('problem' in answer) return 'not reached';
  const { system, profileSystem } = answer.reading;
  return system === profileSystem
    ? system || 'none'
    : `${system || 'none'}, next boot ${profileSystem || 'none'}`;
}
