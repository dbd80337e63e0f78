import { randomBytes } from 'node:crypto';
import type { Connection } from '../../../schema/connection.ts';
import { shellCommand } from '../../base/quote.ts';
import { scriptFile } from '../script/text.ts';

/** How root's rights are entered: what is run, and what its standard input begins with. */
export interface Entry {
  /** A command line for any login shell: POSIX, fish or csh. */
  command: string;
  /** Comes before the input of the words themselves; holds the password, where there is one. */
  preamble: string;
}

const means = {
  sudo: ['sudo', '-n', '--'],
  doas: ['doas', '-n', '--'],
  run0: ['run0', '--no-ask-password', '--'],
} as const;

/** Words before a command that run it as root where that takes no password; none for root itself. */
export function becomeWords({ user, local, become = 'sudo' }: Connection): readonly string[] {
  return user === 'root' && !local ? [] : means[become];
}

/** How become.sh ends where the password did not give root's rights. */
export const refusedCode = 77;
export const refusedMark = 'nixos-fleet: the password gave no root rights';

/** become.sh as one line: login shells take quotes, exclamation marks and line breaks each in its own way. */
const withPassword = scriptFile('./become.sh', import.meta.url)
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .join(' ');

/** The way to run words as root on a machine; their input follows the preamble. */
export function entryFor(connection: Connection, words: readonly string[]): Entry {
  const { user, local, becomePassword } = connection;
  const command = shellCommand(words);
  if (user === 'root' && !local) return { command: `exec ${command}`, preamble: '' };
  if (becomePassword === undefined) {
    const become = becomeWords(connection).join(' ');
    const script = 'if [ "$(id -u)" = 0 ]; then exec "$@"; fi; ';
    return { command: `sh -c '${script}exec ${become} "$@"' sh ${command}`, preamble: '' };
  }
  const marker = `begin-${randomBytes(16).toString('hex')}`;
  return {
    command: `sh -c '${withPassword}' sh ${marker} ${command}`,
    preamble: `${becomePassword}\n${marker}\n`,
  };
}
