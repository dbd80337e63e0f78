import { exitError } from './process-error.ts';
import { type RunOptions, start, textOf } from './start.ts';

/**
 * Runs a program and gives what it prints as it comes, byte by byte. Where the reader stops, so does the program.
 * @throws ProcessError at the end of the stream, for an exit code other than 0 too
 */
export async function* streamOutput(
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, 'signal' | 'timeoutSeconds' | 'env' | 'cwd'>,
): AsyncGenerator<Uint8Array> {
  const { child, ending } = await start(command, args, options, {
    stdin: 'ignore',
    buffer: { stdout: false },
  });
  let whole = false;
  try {
    for await (const chunk of child.stdout ?? []) yield chunk as Uint8Array;
    whole = true;
  } finally {
    if (!whole) child.kill();
  }
  const result = await child;
  const failure = ending(result);
  if (failure) throw failure.error;
  if (result.exitCode === 0) return;
  const { exitCode = 0 } = result;
  throw exitError(command, args, { exitCode, stdout: '', stderr: textOf(result.stderr) });
}
