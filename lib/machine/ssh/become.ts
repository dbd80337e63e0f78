import { randomBytes } from 'node:crypto';
import type { Connection } from '../../../schema/connection.ts';
import { shellCommand } from './quote.ts';

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

/** What the end of a call says where the password did not open the way. */
export const refusedCode = 77;
export const refusedMark = 'nixos-fleet: the password gave no root rights';

/** Reads on until the marker `$1` has come, and then becomes the other words. */
const skip =
  'while IFS= read -r line; do [ \\"\\$line\\" = \\"\\$1\\" ] && shift && exec \\"\\$@\\"; done; exit 126';

/**
 * With a password: it is the first line of the input, and goes to sudo through a pipe of a shell's own words. The first
 * sudo has nothing but that line: a wrong password costs one attempt and eats nothing of what follows, and where sudo
 * asks for none, the line is still there to be read, and the second one is not given it. `-k` keeps an earlier success from
 * deciding which of the two it is. The marker after it is where the input of the words begins, whatever was read before.
 * No quote, exclamation mark or line break may be in it: each login shell takes these in its own way.
 */
const withPassword = [
  `skip="${skip}"`,
  '[ "$(id -u)" = 0 ] && exec sh -c "$skip" sh "$@"',
  '[ "$(command -v printf)" = printf ] || exit 126',
  'set +a; unset password; IFS= read -r password',
  'said=$(printf "%s\\n" "$password" | LC_ALL=C sudo -k -S -p "" -- sh -c "IFS= read -r line && exit 41; exit 40" 2>&1)',
  `case $? in 40) { printf "%s\\n" "$password"; exec cat; } | sudo -k -S -p "" -- sh -c "$skip" sh "$@" ;; ` +
    `41) exec sudo -n -- sh -c "$skip" sh "$@" ;; ` +
    `*) printf "%s\\n" "$said" "${refusedMark}" >&2; exit ${refusedCode} ;; esac`,
].join('; ');

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
