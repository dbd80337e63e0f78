import { describeError, failureOf } from '../lib/base/failure.ts';

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
    console.error(explainError(error, usage));
    process.exitCode = failureOf(error)?.code === 'cancelled' ? 130 : mistake;
  }
}

/** The text of an error of a command: of wrong options, with how it is used. */
export function explainError(error: unknown, usage: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('ERR_PARSE_ARGS_') ? `${(error as Error).message}\n${usage}` : describeError(error);
}
