import type { Connection } from '../../../schema/connection.ts';
import { FleetError, hasCode } from '../../base/errors.ts';
import { ProcessError, type RunOptions, type RunResult, runToEnd } from '../../base/process.ts';
import { type SshOptions, sshArgs } from './arguments.ts';
import { entryFor } from './become.ts';
import { bootstrapConnection } from './bootstrap.ts';
import { explainSshFailure } from './explain.ts';
import { explainRootFailure } from './explain-root.ts';
import { shellCommand } from './quote.ts';

export interface RunOnMachineOptions
  extends SshOptions,
    Pick<RunOptions, 'signal' | 'onStdoutLine' | 'onStderrLine' | 'redact'> {
  /** Limit for the whole call in seconds, the connection included. Default: 60. */
  timeoutSeconds?: number;
}

/**
 * Runs a POSIX shell script, or one command given as words, on a machine as root; it goes there by standard input.
 * Returns what it printed, whatever its exit code.
 * @throws FleetError unreachable, host-key, access-denied, or cancelled
 */
export function runOnMachine(
  connection: Connection,
  host: string,
  script: string | readonly string[],
  options: RunOnMachineOptions = {},
): Promise<RunResult> {
  const input = typeof script === 'string' ? script : `${shellCommand(script)}\n`;
  return enter(connection, host, ['sh', '-s'], input, options);
}

/**
 * Runs one command on a machine as root, with a stream as its input. Returns what it printed, whatever its exit code.
 * @throws FleetError as `runOnMachine`; and the error of the stream
 */
export function streamToMachine(
  connection: Connection,
  host: string,
  words: readonly string[],
  input: AsyncIterable<Uint8Array>,
  options: RunOnMachineOptions = {},
): Promise<RunResult> {
  return enter(connection, host, words, input, options);
}

async function enter(
  connection: Connection,
  host: string,
  words: readonly string[],
  input: string | AsyncIterable<Uint8Array>,
  options: RunOnMachineOptions,
): Promise<RunResult> {
  const { fresh, timeoutSeconds = 60, signal, redact = [], ...runOptions } = options;
  const { local, becomePassword = '' } = connection;
  const { command, preamble } = entryFor(connection, words);
  const [program, args] = local
    ? ['sh', ['-c', command]]
    : ['ssh', [...sshArgs(connection, { fresh }), command]];
  const result = await runToEnd(program, args, {
    ...runOptions,
    redact: [...redact, becomePassword],
    input: typeof input === 'string' ? preamble + input : joined(preamble, input),
    signal,
    timeoutSeconds,
    env: { LC_ALL: 'C' },
    ...(local ? { cwd: '/' } : {}),
  }).catch((error: unknown) => {
    if (!(error instanceof ProcessError)) throw error;
    if (error.reason === 'cancelled') throw cancelled(host);
    if (error.reason !== 'timeout') throw error;
    throw noAnswer(connection, host, timeoutSeconds);
  });
  if (result.exitCode === 255 && !local) {
    const said = fresh ? result.stderr : await wayFailure(connection, result.stderr, signal);
    const failure = explainSshFailure(connection, host, said);
    const bootstrap = failure.code === 'access-denied' ? bootstrapConnection(connection) : undefined;
    // What was streamed is gone.
    if (bootstrap === undefined || typeof input !== 'string') throw failure;
    return await enter(bootstrap, host, words, input, options).catch((error: unknown) => {
      throw hasCode(error, 'access-denied') ? failure : error;
    });
  }
  if (result.exitCode !== 0) {
    const refused = explainRootFailure(connection, host, result);
    if (refused) throw refused;
  }
  return result;
}

/** Ends the shared connection to a machine, if there is one, once what runs over it has ended. Never throws. */
export async function closeConnection(connection: Connection): Promise<void> {
  if (connection.local) return;
  const args = ['-O', 'stop', ...sshArgs(connection)];
  await runToEnd('ssh', args, { timeoutSeconds: 10 }).catch(() => undefined);
}

/** What was said where a connection failed. To one that is shared ssh silences the machines on the way: they are asked again. */
async function wayFailure(connection: Connection, stderr: string, signal?: AbortSignal): Promise<string> {
  if (connection.proxyJump === undefined) return stderr;
  const args = [...sshArgs(connection, { fresh: true }), 'true'];
  const timeoutSeconds = 2 * connection.connectTimeoutSeconds;
  const again = await runToEnd('ssh', args, { timeoutSeconds, signal }).catch(() => undefined);
  return again?.exitCode === 255 ? again.stderr : stderr;
}

async function* joined(preamble: string, input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (preamble) yield Buffer.from(preamble);
  yield* input;
}

function noAnswer(connection: Connection, host: string, timeoutSeconds: number): FleetError {
  const why = `no answer within ${timeoutSeconds} s`;
  if (!connection.local) return explainSshFailure(connection, host, why);
  return new FleetError({
    code: 'command-failed',
    what: 'a command on this computer did not end',
    host,
    why,
    fix: 'Does it wait for something? Its processes may still run.',
  });
}

function cancelled(host: string): FleetError {
  return new FleetError({ code: 'cancelled', what: 'the command on the machine was cancelled', host });
}
