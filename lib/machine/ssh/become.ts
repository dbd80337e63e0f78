import { randomBytes } from 'node:crypto';
import type { Connection } from '../../../schema/connection.ts';
import { shellCommand } from '../../base/quote.ts';
import { scriptFile } from '../script/text.ts';

/** A command that runs as root, and what its standard input begins with. */
export interface RootCommand {
  /** A command line for any login shell: POSIX, fish or csh. */
  command: string;
  /** Precedes the command's own input; contains the password, if there is one. */
  preamble: string;
}

const prefixes = {
  sudo: ['sudo', '-n', '--'],
  doas: ['doas', '-n', '--'],
  run0: ['run0', '--no-ask-password', '--'],
} as const;

/** The prefix that runs a command as root without a password; empty for root itself. */
export function becomePrefix({ user, local, become = 'sudo' }: Connection): readonly string[] {
  return user === 'root' && !local ? [] : prefixes[become];
}

/** Exit code and message of become.sh if the password did not give root rights. */
export const refusedCode = 77;
export const refusedMark = 'nixos-fleet: the password gave no root rights';

/** become.sh as one line, since login shells treat quotes, exclamation marks and line breaks differently. */
const withPassword = scriptFile('./become.sh', import.meta.url)
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .join(' ');

/** Builds the command that runs `words` as root on a machine. Their input follows the preamble. */
export function rootCommand(connection: Connection, words: readonly string[]): RootCommand {
  const { user, local, becomePassword } = connection;
  const command = shellCommand(words);
  if (user === 'root' && !local) return { command: `exec ${command}`, preamble: '' };
  if (becomePassword === undefined) {
    const become = becomePrefix(connection).join(' ');
    const script = 'if [ "$(id -u)" = 0 ]; then exec "$@"; fi; ';
    return { command: `sh -c '${script}exec ${become} "$@"' sh ${command}`, preamble: '' };
  }
  const marker = `begin-${randomBytes(16).toString('hex')}`;
  return {
    command: `sh -c '${withPassword}' sh ${marker} ${command}`,
    preamble: `${becomePassword}\n${marker}\n`,
  };
}
