import type { ResultPromise } from 'execa';
import { FleetError } from './errors.ts';

export interface RunOptions {
  /** Written to the program's standard input, which is closed after it; secrets go this way. */
  input?: string | Uint8Array;
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
  /** Strings that must not appear in an error: each is replaced by ***. */
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
      mend: details.reason === 'not-found' ? 'Install it, or run the set-up: npm run setup' : undefined,
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

/** Runs a program and returns what it printed, whatever its exit code. Only a program that did not end by itself throws. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  // Loaded when first needed: a preview in which nothing changes starts no program from the provider.
  const { execa } = await import('execa');
  const child: ResultPromise = execa(command, args, {
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 1 << 30,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.env ? { env: options.env } : {}),
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ...(options.timeoutSeconds ? { timeout: options.timeoutSeconds * 1000 } : {}),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
    ...(options.group ? { detached: true } : {}),
    forceKillAfterDelay: 5000,
  });
  const followed = [follow(child.stdout, options.onStdoutLine), follow(child.stderr, options.onStderrLine)];
  const spare = options.group ? endWithGroup(child.pid, options) : () => {};
  const result = await child.finally(spare);
  await Promise.all(followed);
  const hide = (text: unknown) => redact(typeof text === 'string' ? text : '', options.redact);
  const stdout = hide(result.stdout);
  const stderr = hide(result.stderr);
  if (result.exitCode !== undefined && !result.timedOut && !result.isCanceled) {
    return { exitCode: result.exitCode, stdout, stderr };
  }
  const [reason, why] = result.isCanceled
    ? (['cancelled', 'was cancelled'] as const)
    : result.timedOut
      ? (['timeout', `did not end within ${options.timeoutSeconds} s`] as const)
      : result.code === 'ENOENT'
        ? (['not-found', 'was not found on PATH'] as const)
        : (['signal', `was ended by ${result.signal ?? result.code ?? 'an unknown cause'}`] as const);
  throw new ProcessError({
    command: hide([command, ...args].join(' ')),
    reason,
    exitCode: result.exitCode,
    stdout,
    stderr,
    why,
    cause: result.cause,
  });
}

/** Like `runToEnd`, but an exit code other than 0 throws a `ProcessError` with the last lines of what was printed. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await runToEnd(command, args, options);
  if (result.exitCode === 0) return result;
  throw new ProcessError({
    command: redact([command, ...args].join(' '), options.redact),
    reason: 'exit',
    ...result,
    why: `failed with exit code ${result.exitCode}`,
  });
}

/** Runs a program on this process's own terminal or pipes, for a user who talks to it; returns its exit code. */
export async function runAttached(command: string, args: readonly string[]): Promise<number> {
  const { execa } = await import('execa');
  const { exitCode } = await execa(command, args, { reject: false, stdio: 'inherit', buffer: false });
  return exitCode ?? 1;
}

/** Ends a program's group where its limit or a cancel ends the program; its pipes stay open until then. Returns the way to leave that. */
function endWithGroup(
  pid: number | undefined,
  { timeoutSeconds, signal }: Pick<RunOptions, 'timeoutSeconds' | 'signal'>,
): () => void {
  const end = () => {
    // The program itself is ended first, so that the cause is known.
    setTimeout(() => {
      try {
        if (pid !== undefined) process.kill(-pid, 'SIGTERM');
      } catch {
        // Nothing of it is left.
      }
    }, 100);
  };
  const timer = timeoutSeconds === undefined ? undefined : setTimeout(end, timeoutSeconds * 1000);
  signal?.addEventListener('abort', end, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  };
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
