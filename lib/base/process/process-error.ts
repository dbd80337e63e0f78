import { FleetError } from '../errors.ts';

/** A program that could not be started, failed, timed out, was cancelled or was killed. */
export class ProcessError extends FleetError {
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly reason: 'not-found' | 'timeout' | 'cancelled' | 'signal' | 'exit';
  /** How it ended, such as "was killed by SIGKILL". */
  readonly ending: string;

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
    this.ending = details.why;
  }
}

/** The error for an exit code other than 0. */
export function exitError(
  command: string,
  args: readonly string[],
  result: { exitCode: number; stdout: string; stderr: string },
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

/** Replaces each secret in a text by ***. */
export function redact(text: string, secrets: readonly string[] = []): string {
  return secrets.filter(Boolean).reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
}

function lastLines(text: string, count = 20): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
