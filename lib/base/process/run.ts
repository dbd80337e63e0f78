import { exitError, redact } from './process-error.ts';
import { followLines, type Input, type RunOptions, start, textOf } from './start.ts';

export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program and returns what it printed, whatever its exit code. Only a program that did not end by itself throws.
 * What it started and left behind with its pipes in hand is not waited for after the limit or a cancel.
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const source = new Source(options.input);
  const { child, ending } = await start(command, args, options, source.options);
  const hide = (text: string) => redact(text, options.redact);
  const { onStdoutLine, onStderrLine } = options;
  const followed = [
    followLines(child.stdout, onStdoutLine),
    followLines(child.stderr, onStderrLine && ((line) => onStderrLine(hide(line)))),
  ];
  const result = await child;
  await Promise.all(followed);
  const failure = ending(result);
  if (source.failed && !failure?.stopped) throw source.error;
  if (failure) throw failure.error;
  return {
    exitCode: result.exitCode ?? 0,
    stdout: textOf(result.stdout),
    stderr: hide(textOf(result.stderr)),
  };
}

/** Like `runToEnd`, but an exit code other than 0 throws a `ProcessError` with the last lines of what was printed. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await runToEnd(command, args, options);
  if (result.exitCode === 0) return result;
  throw exitError(command, args, result, options.redact);
}

/** Runs a program on this process's own terminal or pipes, for a user who talks to it; returns its exit code. */
export async function runAttached(command: string, args: readonly string[]): Promise<number> {
  const { execa } = await import('execa');
  const { exitCode } = await execa(command, args, { reject: false, stdio: 'inherit', buffer: false });
  return exitCode ?? 1;
}

/** A program's standard input; the error of a stream is kept, for the program only sees it end. */
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
