import { FleetError } from '../lib/base/errors.ts';

/**
 * Runs a command that an interrupt ends by its signal, and ends the process with the exit code that `work` gives. A mistake of the
 * user's is one message, and exit code `mistake`; an interrupt is exit code 130.
 */
export async function runCommand(
  { usage, mistake }: { usage: string; mistake: number },
  work: (signal: AbortSignal) => Promise<number>,
): Promise<void> {
  const interrupt = new AbortController();
  // Not once: execa's own listener would find itself alone, and end this process.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort());
  try {
    process.exitCode = await work(interrupt.signal);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isOurs = error instanceof FleetError;
    console.error(isOurs ? error.message : `${error.message}\n${usage}`);
    process.exitCode = isOurs && error.code === 'cancelled' ? 130 : mistake;
  }
}
