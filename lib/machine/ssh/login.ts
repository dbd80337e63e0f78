import { runAttached } from '../../base/process/run.ts';
import { shellCommand } from '../../base/quote.ts';
import { sshArgs } from './arguments.ts';
import type { Machine } from './machine.ts';

/**
 * Opens a shell on a machine on this terminal, or runs one command there, given as words. Returns its exit code;
 * 255 is ssh's own, and ssh prints why.
 */
export function login({ connection }: Machine, command: readonly string[]): Promise<number> {
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? ['-t'] : [];
  const remote = command.length > 0 ? [shellCommand(command)] : [];
  // The first value of an option counts: here somebody can type a passphrase.
  return runAttached('ssh', [
    ...terminal,
    '-o',
    'BatchMode=no',
    ...sshArgs(connection, { fresh: true }),
    ...remote,
  ]);
}
