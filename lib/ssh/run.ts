import type { Connection } from '../../schema/connection.ts';
import { FleetError } from '../errors.ts';
import { ProcessError, type RunOptions, type RunResult, runToEnd } from '../process.ts';
import { type SshOptions, sshArgs } from './arguments.ts';
import { explainSshFailure, explainSudoFailure } from './explain.ts';
import { shellCommand } from './quote.ts';

export interface RunOnMachineOptions
  extends SshOptions,
    Pick<RunOptions, 'signal' | 'onStdoutLine' | 'onStderrLine' | 'redact'> {
  /** Limit for the whole call in seconds, the connection included. Default: 60. */
  timeoutSeconds?: number;
}

/** Runs what comes on standard input with root's rights, whatever the login shell is. */
const asRoot = `sh -c 'if [ "$(id -u)" = 0 ]; then exec sh -s; fi; exec sudo -n -- sh -s'`;

/**
 * Runs a POSIX shell script, or one command given as words, on a machine as root; it goes there by standard input.
 * Returns what it printed, whatever its exit code.
 * @throws FleetError unreachable, host-key, access-denied, or cancelled
 */
export async function runOnMachine(
  connection: Connection,
  host: string,
  script: string | readonly string[],
  options: RunOnMachineOptions = {},
): Promise<RunResult> {
  const { fresh, timeoutSeconds = 60, signal, ...runOptions } = options;
  const input = typeof script === 'string' ? script : `${shellCommand(script)}\n`;
  const command = connection.user === 'root' ? 'exec sh -s' : asRoot;
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  const ended = runToEnd('ssh', [...sshArgs(connection, { fresh }), command], {
    ...runOptions,
    input,
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
    env: { LC_ALL: 'C' },
  });
  // The process that shares the connection holds our pipes until the command on the machine ends: do not wait for it.
  const aborted = whenAborted(signal ? [signal, limit] : [limit]);
  const result = await Promise.race([ended, aborted.promise])
    .catch((error: unknown) => {
      if (error instanceof ProcessError && error.reason === 'not-found') throw error;
      if (signal?.aborted) throw cancelled(host);
      if (!limit.aborted) throw error;
      throw explainSshFailure(connection, host, `no answer within ${timeoutSeconds} s`);
    })
    .finally(aborted.stop);
  if (result.exitCode === 255) throw explainSshFailure(connection, host, result.stderr);
  if (result.exitCode !== 0) {
    const refused = explainSudoFailure(connection, host, result.stderr);
    if (refused) throw refused;
  }
  return result;
}

/** Ends the shared connection to a machine, if there is one. Never throws. */
export async function closeConnection(connection: Connection): Promise<void> {
  const args = ['-O', 'exit', ...sshArgs(connection)];
  await runToEnd('ssh', args, { timeoutSeconds: 10 }).catch(() => undefined);
}

function cancelled(host: string): FleetError {
  return new FleetError({ code: 'cancelled', what: 'the command on the machine was cancelled', host });
}

function whenAborted(signals: AbortSignal[]): { promise: Promise<never>; stop: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new Error('aborted'));
  for (const signal of signals) {
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  }
  promise.catch(() => undefined);
  return {
    promise,
    stop: () => {
      for (const signal of signals) signal.removeEventListener('abort', abort);
    },
  };
}
