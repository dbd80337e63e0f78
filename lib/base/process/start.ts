import type { ChildProcess } from 'node:child_process';
import type { Result } from 'execa';
import { ProcessError, redact } from './process-error.ts';

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

type Ending = Pick<Result, 'exitCode' | 'signal' | 'code' | 'cause' | 'isCanceled'> & {
  stdout?: unknown;
  stderr?: unknown;
};

export interface Input {
  stdin?: 'ignore' | 'pipe' | AsyncIterable<Uint8Array>;
  input?: string | Uint8Array;
  /** Whether standard output is kept for the result. */
  buffer?: { stdout: boolean };
}

/** Starts a program, and ends it at its limit or where it is cancelled; `ending` gives why it did not end by itself. */
export async function start(command: string, args: readonly string[], options: RunOptions, more: Input) {
  // Loaded when first needed: a preview in which nothing changes starts no program from the provider.
  const { execa } = await import('execa');
  const { timeoutSeconds, signal } = options;
  const limit = timeoutSeconds ? AbortSignal.timeout(timeoutSeconds * 1000) : undefined;
  const stop = AbortSignal.any([signal, limit].filter((each) => each !== undefined));
  const child = execa(command, args, {
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 1 << 30,
    env: options.env,
    cwd: options.cwd,
    detached: options.group,
    cancelSignal: stop,
    forceKillAfterDelay: 5000,
    ...more,
  });
  releaseWhenStopped(child.nodeChildProcess, stop, options.group === true);
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

/** Once a program that had to be stopped has ended, closes its pipes, whoever else holds them; ends its group too, if desired. */
function releaseWhenStopped(child: ChildProcess, stop: AbortSignal, group: boolean): void {
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

/** Calls back for each line of a stream; settles when it has closed. */
export async function followLines(
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

export function textOf(output: unknown): string {
  return typeof output === 'string' ? output : '';
}
