import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { Result } from 'execa';
import { FleetError } from './errors.ts';

export interface RunOptions {
  /** Written to the program's standard input, which is closed after it; secrets go this way. The error of a stream is thrown. */
  input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Added to the environment of this process. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Limit in seconds; without one the call must be given a `signal`. */
  timeoutSeconds?: number;
  signal?: AbortSignal;
  /**
   * Whether the program gets a process group of its own: a limit or a cancel ends what it has started too, and an
   * interrupt on the terminal does not reach it.
   */
  group?: boolean;
  /** Called for each whole line as it comes. */
  onStdoutLine?: (line: string) => void;
  onStderrLine?: (line: string) => void;
  /** Strings that must not appear in an error, nor on standard error: each is replaced by ***. Standard output is data. */
  redact?: readonly string[];
}

export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A program that could not be started, failed, ran into its limit or was cancelled. */
export class ProcessError extends FleetError {
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly reason: 'not-found' | 'timeout' | 'cancelled' | 'signal' | 'exit';

  constructor(details: {
    command: string;
    reason: ProcessError['reason'];
    exitCode: number | undefined;
    stdout: string;
    stderr: string;
    why: string;
    cause?: unknown;
  }) {
    super({
      code:
        details.reason === 'not-found'
          ? 'tool-missing'
          : details.reason === 'cancelled'
            ? 'cancelled'
            : 'command-failed',
      what: `'${details.command}' ${details.why}`,
      why: lastLines(details.stderr) || lastLines(details.stdout) || undefined,
      fix: details.reason === 'not-found' ? 'Install it, or run the set-up: npm run setup' : undefined,
      cause: details.cause,
    });
    this.name = 'ProcessError';
    this.command = details.command;
    this.exitCode = details.exitCode;
    this.stdout = details.stdout;
    this.stderr = details.stderr;
    this.reason = details.reason;
  }
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
    follow(child.stdout, onStdoutLine),
    follow(child.stderr, onStderrLine && ((line) => onStderrLine(hide(line)))),
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

/** A program that is talked to over its standard input and output. */
export interface Talk {
  /** Destroying it ends the program. */
  stream: Duplex;
  /** Settles when the program has ended, with its exit code and what it said on standard error. */
  ended: Promise<Pick<RunResult, 'exitCode' | 'stderr'>>;
}

/**
 * Starts a program, and gives its standard input and output as one stream.
 * `ended` rejects with a ProcessError where it did not end by itself.
 */
export async function talkTo(
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, 'signal' | 'timeoutSeconds' | 'env' | 'onStderrLine'>,
): Promise<Talk> {
  const { child, ending } = await start(command, args, options, {
    stdin: 'pipe',
    buffer: { stdout: false },
  });
  const stream = bothWays(child.nodeChildProcess);
  const followed = follow(child.stderr, options.onStderrLine);
  const end = async () => {
    const result = await child;
    await followed;
    const failure = ending(result);
    if (failure) throw failure.error;
    return { exitCode: result.exitCode ?? 0, stderr: textOf(result.stderr) };
  };
  const ended = end();
  ended.catch(() => undefined);
  return { stream, ended };
}

/** Node's own Duplex.from takes a program that ends before its input does for an error. */
function bothWays(child: ChildProcess): Duplex {
  const { stdin, stdout } = child;
  const stream = new Duplex({
    read: () => void stdout?.resume(),
    write: (chunk, encoding, done) => void stdin?.write(chunk, encoding, done),
    final: (done) => void stdin?.end(done),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  stdout?.on('data', (chunk) => stream.push(chunk) || stdout.pause());
  stdout?.once('close', () => stream.push(null));
  // What cannot be written to a program is told by its end.
  for (const each of [stdin, stream]) each?.on('error', () => undefined);
  return stream;
}

type Ending = Pick<Result, 'exitCode' | 'signal' | 'code' | 'cause' | 'isCanceled'> & {
  stdout?: unknown;
  stderr?: unknown;
};

/** Starts a program, and ends it at its limit or where it is cancelled; `ending` tells why it did not end by itself. */
async function start(command: string, args: readonly string[], options: RunOptions, more: Input) {
  // Loaded when first needed: a preview in which nothing changes starts no program from the provider.
  const { execa } = await import('execa');
  const { timeoutSeconds, signal } = options;
  const limit = timeoutSeconds ? AbortSignal.timeout(timeoutSeconds * 1000) : undefined;
  const stop = AbortSignal.any([signal, limit].filter((each) => each !== undefined));
  const child = execa(command, args, {
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 1 << 30,
    ...(options.env ? { env: options.env } : {}),
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.group ? { detached: true } : {}),
    cancelSignal: stop,
    forceKillAfterDelay: 5000,
    ...more,
  });
  letGo(child.nodeChildProcess, stop, options.group === true);
  const ending = (result: Ending): { stopped: boolean; error: ProcessError } | undefined => {
    if (result.exitCode !== undefined && !result.isCanceled) return undefined;
    const [reason, why] = result.isCanceled
      ? limit?.aborted && !signal?.aborted
        ? (['timeout', `did not end within ${timeoutSeconds} s`] as const)
        : (['cancelled', 'was cancelled'] as const)
      : result.code === 'ENOENT'
        ? (['not-found', 'was not found on PATH'] as const)
        : (['signal', `was ended by ${result.signal ?? result.code ?? 'an unknown cause'}`] as const);
    const hide = (text: unknown) => redact(textOf(text), options.redact);
    const error = new ProcessError({
      command: hide([command, ...args].join(' ')),
      reason,
      exitCode: result.exitCode,
      stdout: hide(result.stdout),
      stderr: hide(result.stderr),
      why,
      cause: result.cause,
    });
    return { stopped: reason !== 'signal', error };
  };
  return { child, ending };
}

/** Once a program that had to be stopped has ended, lets go of its pipes, whoever else holds them; ends its group, if asked. */
function letGo(child: ChildProcess, stop: AbortSignal, group: boolean): void {
  const release = () => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  const stopped = () => {
    if (group) endGroup(child.pid);
    if (child.exitCode !== null || child.signalCode !== null) release();
    else child.once('exit', release);
  };
  if (stop.aborted) stopped();
  stop.addEventListener('abort', stopped, { once: true });
  void child.once('close', () => stop.removeEventListener('abort', stopped));
}

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGTERM');
  } catch {
    // Nothing of it is left.
  }
}

interface Input {
  stdin?: 'ignore' | 'pipe' | AsyncIterable<Uint8Array>;
  input?: string | Uint8Array;
  /** Whether standard output is kept for the result. */
  buffer?: { stdout: boolean };
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

function exitError(
  command: string,
  args: readonly string[],
  result: RunResult,
  secrets?: readonly string[],
): ProcessError {
  return new ProcessError({
    command: redact([command, ...args].join(' '), secrets),
    reason: 'exit',
    ...result,
    stdout: redact(result.stdout, secrets),
    why: `failed with exit code ${result.exitCode}`,
  });
}

/** Runs a program on this process's own terminal or pipes, for a user who talks to it; returns its exit code. */
export async function runAttached(command: string, args: readonly string[]): Promise<number> {
  const { execa } = await import('execa');
  const { exitCode } = await execa(command, args, { reject: false, stdio: 'inherit', buffer: false });
  return exitCode ?? 1;
}

function textOf(output: unknown): string {
  return typeof output === 'string' ? output : '';
}

function redact(text: string, secrets: readonly string[] = []): string {
  return secrets.filter(Boolean).reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
}

function lastLines(text: string, count = 20): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

async function follow(
  stream: NodeJS.ReadableStream | null | undefined,
  onLine?: (line: string) => void,
): Promise<void> {
  if (!stream || !onLine) return;
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  await new Promise<void>((resolve) => {
    stream.once('close', resolve);
  });
  if (rest) onLine(rest);
}
