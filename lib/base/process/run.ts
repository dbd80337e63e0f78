import { environmentFor } from './environment.ts';
import { exitError, redact } from './process-error.ts';
import { followLines, type Input, type RunOptions, start, textOf } from './start.ts';

export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program and returns its output, whatever its exit code. After a timeout or cancel, it does not wait for
 * descendants that still hold the program's pipes.
 * @throws ProcessError where the program could not be started, timed out, was cancelled or was killed
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const source = new Source(options.input);
  const { child, abnormalExit } = await start(command, args, options, source.options);
  const hide = (text: string) => redact(text, options.redact);
  const { onStdoutLine, onStderrLine } = options;
  const followed = [
    followLines(child.stdout, onStdoutLine),
    followLines(child.stderr, onStderrLine && ((line) => onStderrLine(hide(line)))),
  ];
  const result = await child;
  await Promise.all(followed);
  const failure = abnormalExit(result);
  if (source.failed && !failure?.stopped) throw source.error;
  if (failure) throw failure.error;
  return {
    exitCode: result.exitCode ?? 0,
    stdout: textOf(result.stdout),
    stderr: hide(textOf(result.stderr)),
  };
}

/** Like `runToEnd`, but an exit code other than 0 throws a `ProcessError` with the last lines of the output. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await runToEnd(command, args, options);
  if (result.exitCode === 0) return result;
  throw exitError(command, args, result, options.redact);
}

/** Runs an interactive program on this process's own terminal or pipes; returns its exit code. */
export async function runAttached(command: string, args: readonly string[]): Promise<number> {
  const { execa } = await import('execa');
  const { exitCode } = await execa(command, args, {
    reject: false,
    stdio: 'inherit',
    buffer: false,
    env: environmentFor(command, process.env),
    extendEnv: false,
  });
  return exitCode ?? 1;
}

/** A program's standard input. Keeps a stream's error, since the program only sees the end of its input. */
class Source {
  readonly options: Input;
  failed = false;
  error: unknown;

  constructor(input: RunOptions['input']) {
    if (input === undefined) this.options = { stdin: 'ignore' };
    else if (typeof input === 'string' || input instanceof Uint8Array) this.options = { input };
    else this.options = { stdin: this.#watched(input) };
  }

  async *#watched(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* input;
    } catch (error) {
      this.failed = true;
      this.error = error;
      throw error;
    }
  }
}
