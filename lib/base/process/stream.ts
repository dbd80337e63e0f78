import { exitError } from './process-error.ts';
import { type RunOptions, start, textOf } from './start.ts';

/**
 * Runs a program and streams its standard output, unbuffered. If the reader stops early, the program is killed.
 * @throws ProcessError at the end of the stream, also for an exit code other than 0
 */
export async function* streamOutput(
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, 'signal' | 'timeoutSeconds' | 'env' | 'cwd'>,
): AsyncGenerator<Uint8Array> {
  const { child, abnormalExit } = await start(command, args, options, {
    stdin: 'ignore',
    buffer: { stdout: false },
  });
  let isComplete = false;
  try {
    for await (const chunk of child.stdout ?? []) yield chunk as Uint8Array;
    isComplete = true;
  } finally {
    if (!isComplete) child.kill();
  }
  const result = await child;
  const failure = abnormalExit(result);
  if (failure) throw failure.error;
  if (result.exitCode === 0) return;
  const { exitCode = 0 } = result;
  throw exitError(command, args, { exitCode, stdout: '', stderr: textOf(result.stderr) });
}
