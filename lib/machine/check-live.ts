import { connection } from '../../schema/connection.ts';
import { FleetError } from '../errors.ts';
import { liveNote } from './live-note.ts';
import { readMachine } from './read-machine.ts';

/** Longest time that a preview waits for machines, in seconds. */
const limitSeconds = 10;

/**
 * Asks a machine in one ssh round trip whether it runs what was deployed to it last, and returns what to tell of it:
 * nothing where it does. Changes nothing, and never fails: a machine that cannot be asked is told too.
 */
export async function checkLive(given: unknown, host: string, asked: string): Promise<string | undefined> {
  const parsed = connection.safeParse(given);
  // What is wrong with it is told by the resource.
  if (!parsed.success) return undefined;
  try {
    return liveNote(await readMachine(parsed.data, host, { timeoutSeconds: limitSeconds }), host, asked);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return `${host} could not be asked what it runs: ${error.why ?? error.message} [${error.code}]`;
  }
}
