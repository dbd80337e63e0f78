import { runAttached } from '../../base/process/run.ts';
import { shellCommand } from '../../base/quote.ts';
import { sshArgs } from './arguments.ts';
import type { Machine } from './machine.ts';

/**
 * Opens a shell on a machine in this terminal, or runs one command there, given as words. Returns its exit code; 255 is a
 * failure of ssh itself, which prints the reason.
 */
export function login({ connection }: Machine, command: readonly string[]): Promise<number> {
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? ['-t'] : [];
  const remote = command.length > 0 ? [shellCommand(command)] : [];
  // ssh uses the first value of an option. With a terminal, prompts are allowed.
  return runAttached('ssh', [
    ...terminal,
    '-o',
    'BatchMode=no',
    ...sshArgs(connection, { fresh: true }),
    ...remote,
  ]);
}
