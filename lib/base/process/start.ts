import type { ChildProcess } from 'node:child_process';
import type { Result } from 'execa';
import { environmentFor, lastingEnvironment } from './environment.ts';
import { ProcessError, redact } from './process-error.ts';

export interface RunOptions {
  /** Written to the program's standard input, which is then closed; pass secrets this way. A stream's error is thrown. */
  input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Added to the environment of this process, of which programs other than pulumi get no variable of Pulumi's. */
  env?: Record<string, string | undefined>;
  /** Whether the program outlives this process: it then gets none of the environment but PATH, HOME and the like. */
  lasting?: boolean;
  cwd?: string;
  /** Timeout in seconds; without one, pass a `signal`. */
  timeoutSeconds?: number;
  signal?: AbortSignal;
  /**
   * Whether the program gets a process group of its own: a timeout or cancel then ends its children too, and Ctrl-C on
   * the terminal does not reach it.
   */
  group?: boolean;
  /** Called for each complete line as it arrives. */
  onStdoutLine?: (line: string) => void;
  onStderrLine?: (line: string) => void;
  /** Secrets replaced by *** in errors and on standard error. Standard output is data and stays as it is. */
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

/** Starts a program and ends it on timeout or cancel; `abnormalExit` returns the error of a program that did not exit by itself. */
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
    env: options.lasting
      ? lastingEnvironment(process.env, options.env)
      : environmentFor(command, process.env, options.env),
    extendEnv: false,
    cwd: options.cwd,
    detached: options.group,
    cancelSignal: stop,
    forceKillAfterDelay: 5000,
    ...more,
  });
  releaseWhenStopped(child.nodeChildProcess, stop, options.group === true);
  const abnormalExit = (result: Ending): { stopped: boolean; error: ProcessError } | undefined => {
    if (result.exitCode !== undefined && !result.isCanceled) return undefined;
    const [reason, why] = result.isCanceled
      ? limit?.aborted && !signal?.aborted
        ? (['timeout', `did not end within ${timeoutSeconds} s`] as const)
        : (['cancelled', 'was cancelled'] as const)
      : result.code === 'ENOENT'
        ? (['not-found', 'was not found on PATH'] as const)
        : (['signal', `was killed by ${result.signal ?? result.code ?? 'an unknown cause'}`] as const);
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
  return { child, abnormalExit };
}

/** After a timeout or cancel, closes the pipes once the program has exited, even if descendants hold them; `group` ends those too. */
function releaseWhenStopped(child: ChildProcess, stop: AbortSignal, group: boolean): void {
  const release = () => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  const onStop = () => {
    if (group) endGroup(child.pid);
    if (child.exitCode !== null || child.signalCode !== null) release();
    else child.once('exit', release);
  };
  if (stop.aborted) onStop();
  stop.addEventListener('abort', onStop, { once: true });
  void child.once('close', () => stop.removeEventListener('abort', onStop));
}

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGTERM');
  } catch {
    // The whole group has already exited.
  }
}

/** Calls back for each line of a stream; settles once the stream has closed. */
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
