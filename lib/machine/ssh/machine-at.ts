import type { Connection } from '../../../schema/connection.ts';
import { FleetError, hasCode } from '../../base/errors.ts';
import { ProcessError } from '../../base/process/process-error.ts';
import { type RunResult, runToEnd } from '../../base/process/run.ts';
import { shellCommand } from '../../base/quote.ts';
import { sshArgs } from './arguments.ts';
import { rootCommand } from './become.ts';
import { bootstrapConnection, regularConnection } from './bootstrap.ts';
import { resolveDestination } from './destination.ts';
import { explainSshFailure } from './explain.ts';
import { explainRootFailure } from './explain-root.ts';
import { markedScript, unmarkedResult } from './login-shell.ts';
import type { Machine, RunOnMachineOptions } from './machine.ts';
import { nixStoreFor } from './nix-store.ts';

/** The machine with this name, reached through this connection. Does not connect yet. */
export function machineAt(name: string, connection: Connection): Machine {
  const machine: Machine = {
    name,
    connection,
    run: (script, options) =>
      runAsRoot(
        machine,
        ['sh', '-s'],
        typeof script === 'string' ? script : `${shellCommand(script)}\n`,
        options,
      ),
    stream: (words, input, options) => runAsRoot(machine, words, input, options),
    destination: () => resolveDestination(connection),
    store: (options) => nixStoreFor(connection, options),
    close: () => closeConnection(connection),
    asBootstrapUser() {
      const bootstrap = bootstrapConnection(connection);
      return bootstrap && machineAt(name, bootstrap);
    },
    asRegularUser: () => machineAt(name, regularConnection(connection)),
  };
  return machine;
}

/** The machine that a resource's inputs or a record name. */
export function machineOf({ host, connection }: { host: string; connection: Connection }): Machine {
  return machineAt(host, connection);
}

async function runAsRoot(
  machine: Machine,
  words: readonly string[],
  input: string | AsyncIterable<Uint8Array>,
  options: RunOnMachineOptions = {},
): Promise<RunResult> {
  const { name, connection } = machine;
  const { fresh, timeoutSeconds = 60, signal, redact = [], ...runOptions } = options;
  const { local, becomePassword = '' } = connection;
  const { command, preamble } = rootCommand(connection, words);
  const [program, args] = local
    ? ['sh', ['-c', command]]
    : ['ssh', [...sshArgs(connection, { fresh }), command]];
  const result = await runToEnd(program, args, {
    ...runOptions,
    redact: [...redact, becomePassword],
    input: typeof input === 'string' ? preamble + script(machine, input) : prepend(preamble, input),
    signal,
    timeoutSeconds,
    env: { LC_ALL: 'C' },
    cwd: local ? '/' : undefined,
  }).catch((error: unknown) => {
    if (!(error instanceof ProcessError)) throw error;
    if (error.reason === 'cancelled') throw cancelled(name);
    if (error.reason !== 'timeout') throw error;
    throw timedOut(machine, timeoutSeconds);
  });
  if (result.exitCode === 255 && !local) {
    const stderr = fresh ? result.stderr : await stderrWithJumps(connection, result.stderr, signal);
    const failure = explainSshFailure(machine, stderr);
    const bootstrap = failure.code === 'access-denied' ? machine.asBootstrapUser() : undefined;
    // A stream is consumed by now and cannot be sent again.
    if (bootstrap === undefined || typeof input !== 'string') throw failure;
    return await runAsRoot(bootstrap, words, input, options).catch((error: unknown) => {
      throw hasCode(error, 'access-denied') ? failure : error;
    });
  }
  if (result.exitCode !== 0) {
    const refused = explainRootFailure(machine, result);
    if (refused) throw refused;
  }
  return typeof input === 'string' && !local ? unmarkedResult(machine, result) : result;
}

/** This computer's own shell starts no login shell. */
function script({ connection }: Machine, text: string): string {
  return connection.local ? text : markedScript(text);
}

async function closeConnection(connection: Connection): Promise<void> {
  if (connection.local) return;
  const args = ['-O', 'stop', ...sshArgs(connection)];
  await runToEnd('ssh', args, { timeoutSeconds: 10 }).catch(() => undefined);
}

/**
 * The messages of a failed ssh. With jump hosts it connects once more without a shared connection, over which ssh hides the
 * messages of the jump hosts.
 */
async function stderrWithJumps(
  connection: Connection,
  stderr: string,
  signal?: AbortSignal,
): Promise<string> {
  if (connection.proxyJump === undefined) return stderr;
  const args = [...sshArgs(connection, { fresh: true }), 'true'];
  const timeoutSeconds = 2 * connection.connectTimeoutSeconds;
  const again = await runToEnd('ssh', args, { timeoutSeconds, signal }).catch(() => undefined);
  return again?.exitCode === 255 ? again.stderr : stderr;
}

async function* prepend(preamble: string, input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (preamble) yield Buffer.from(preamble);
  yield* input;
}

function timedOut(machine: Machine, timeoutSeconds: number): FleetError {
  const why = `no answer within ${timeoutSeconds} s`;
  if (!machine.connection.local) return explainSshFailure(machine, why);
  return new FleetError({
    code: 'command-failed',
    what: 'a command on this computer timed out',
    host: machine.name,
    why,
    fix: 'Check what it waits for. Its processes may still run.',
  });
}

function cancelled(host: string): FleetError {
  return new FleetError({ code: 'cancelled', what: 'the command on the machine was cancelled', host });
}
