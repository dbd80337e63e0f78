import { randomBytes } from 'node:crypto';
import { FleetError } from '../../base/errors.ts';
import { redact } from '../../base/process/process-error.ts';
import { followLines, start } from '../../base/process/start.ts';
import { shellQuote, shellVariables } from '../../base/quote.ts';
import { scriptFile } from '../script/text.ts';
import { sshArgs } from './arguments.ts';
import { rootCommand } from './become.ts';
import { explainSshFailure } from './explain.ts';
import { explainRootFailure } from './explain-root.ts';
import { markedScript, unmarkedResult } from './login-shell.ts';
import type { Machine } from './machine.ts';
import { MarkedOutput } from './marked-output.ts';

const script = scriptFile('./remote-command.sh', import.meta.url);

/** Seconds that a stopped command has: 5 on the machine until it is killed, and as many for the connection. */
const graceSeconds = 10;

export interface RemoteCommandOptions {
  /** Whether it runs as the user who logs in. Default: as root. */
  asLogin?: boolean;
  /** Default: no limit. */
  timeoutSeconds?: number;
  /** Ends the command on the machine, too. */
  signal: AbortSignal;
  onLine: (stream: 'stdout' | 'stderr', line: string) => void;
}

/** How a command on a machine ended: by itself, or because it was stopped. */
export type RemoteEnd = { ended: 'exit'; exitCode: number } | { ended: 'timeout' | 'cancelled' };

/**
 * Runs one command, given as words, on a machine, with no input. Its output is passed on line by line. Where it is stopped, or the
 * connection breaks, its processes on the machine end.
 * @throws FleetError unreachable, host-key, access-denied, config-invalid, command-failed
 */
export async function runRemoteCommand(
  machine: Machine,
  words: readonly string[],
  { asLogin = false, timeoutSeconds, signal, onLine }: RemoteCommandOptions,
): Promise<RemoteEnd> {
  const { connection } = machine;
  const { local, becomePassword = '' } = connection;
  const shell = ['sh', '-s'];
  const { command, preamble } = asLogin
    ? { command: shell.join(' '), preamble: '' }
    : rootCommand(connection, shell);
  const mark = `nixos-fleet-${randomBytes(16).toString('hex')}`;
  const text = `${shellVariables({ mark })}set -- ${words.map(shellQuote).join(' ')}\n${script}`;
  const limit = timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1000);
  const stop = AbortSignal.any([signal, limit].filter((each) => each !== undefined));
  const kill = new AbortController();
  const [program, args] = local
    ? ['sh', ['-c', command]]
    : ['ssh', [...sshArgs(connection, { fresh: true }), command]];
  const { child, abnormalExit } = await start(
    program,
    args,
    { signal: kill.signal, group: true, env: { LC_ALL: 'C' }, cwd: local ? '/' : undefined },
    { stdin: 'pipe', buffer: { stdout: false } },
  );
  const { stdin } = child.nodeChildProcess;
  const output = (stream: 'stdout' | 'stderr') =>
    new MarkedOutput(mark, (line) => onLine(stream, redact(line, [becomePassword])));
  const outputs = { stdout: output('stdout'), stderr: output('stderr') };
  let timer: NodeJS.Timeout | undefined;
  /** The command ends with its input, and this process with the command; else it is killed. */
  const release = (seconds: number) => {
    stdin?.end();
    timer ??= setTimeout(() => kill.abort(), seconds * 1000);
  };
  const onStop = () => release(graceSeconds);
  const follow = (stream: 'stdout' | 'stderr') =>
    followLines(child[stream], (line) => {
      outputs[stream].push(line);
      const all = Object.values(outputs);
      // A process that the command left behind may hold the connection open.
      if (all.every(({ exitCode }) => exitCode !== undefined)) release(1);
    });
  const followed = [follow('stdout'), follow('stderr')];
  // ssh may exit before it has read its input; its messages are the reason.
  stdin?.on('error', () => undefined);
  stdin?.write(preamble + (local ? text : markedScript(text)));
  if (stop.aborted) onStop();
  stop.addEventListener('abort', onStop, { once: true });
  const result = await child;
  await Promise.all(followed);
  clearTimeout(timer);
  stop.removeEventListener('abort', onStop);
  const { exitCode } = outputs.stdout;
  if (stop.aborted) return { ended: limit?.aborted && !signal.aborted ? 'timeout' : 'cancelled' };
  if (exitCode !== undefined) return { ended: 'exit', exitCode };
  const failure = abnormalExit(result);
  if (failure) throw failure.error;
  throw explainNoEnd(machine, outputs, result.exitCode ?? 0);
}

/** Why the mark of the command's end did not come. */
function explainNoEnd(
  machine: Machine,
  { stdout, stderr }: Record<'stdout' | 'stderr', MarkedOutput>,
  exitCode: number,
): Error {
  const { name: host, connection } = machine;
  if (stdout.begun || stderr.begun) {
    return new FleetError({
      code: 'unreachable',
      what: 'the connection was lost while the command ran',
      host,
      fix: 'See whether it is done, then run it again: its processes end with the connection.',
    });
  }
  const messages = stderr.before;
  if (exitCode === 255 && !connection.local) return explainSshFailure(machine, messages);
  const result = { exitCode, stdout: stdout.before, stderr: messages };
  const refused = explainRootFailure(machine, result);
  if (refused) return refused;
  unmarkedResult(machine, result);
  return new FleetError({
    code: 'command-failed',
    what: `the login shell ended with exit code ${exitCode} before the command began`,
    host,
    why: messages.trim() || undefined,
  });
}
