import { rootRefusal } from '../../base/become-messages.ts';
import { type ErrorCode, FleetError } from '../../base/errors.ts';

/** A copy without progress for so long, in seconds, is ended: the other side may collect garbage for minutes before it answers. */
export const stallSeconds = 15 * 60;

/** What to do about a login shell that reads or prints where no person is. */
export const loginShellFix =
  "In the user's shell start-up file on the machine, such as ~/.bashrc, do so in interactive shells only. First line: case $- in *i*) ;; *) return ;; esac";

interface Cause {
  matches: (text: string) => boolean;
  code: ErrorCode;
  what: string;
  fix: (target: string) => string;
}

/** The first cause that matches wins: later messages are often only consequences. */
const causes: Cause[] = [
  {
    matches: (text) => /no space left on device|disk quota exceeded|database or disk is full/i.test(text),
    code: 'no-room',
    what: 'the machine has too little space for the closure',
    fix: () => 'Free space on the machine, for example: nix-collect-garbage --delete-older-than 14d',
  },
  {
    matches: (text) => /host key verification failed|remote host identification has changed/i.test(text),
    code: 'host-key',
    what: 'the ssh host key is not the expected one',
    fix: () => 'Compare the key with the machine’s console before you change hostKey or known_hosts.',
  },
  {
    matches: (text) => /permission denied \(|too many authentication failures/i.test(text),
    code: 'access-denied',
    what: 'the login was refused',
    fix: () => 'Check the user and its authorized keys on the machine.',
  },
  {
    matches: (text) => (['sudo', 'doas', 'run0'] as const).some((become) => rootRefusal(become, text)),
    code: 'access-denied',
    what: 'the user has no root rights on the machine',
    fix: () =>
      'Log in as root, or allow sudo without a password, for example with security.sudo.wheelNeedsPassword = false',
  },
  {
    matches: (text) =>
      /nix-(store|daemon)[^\n]*(command )?not found|not found[^\n]*nix-(store|daemon)/i.test(text),
    code: 'not-nixos',
    what: 'the machine has no Nix on the PATH of an ssh command',
    fix: (target) =>
      `Is this the right machine? Try: ssh ${target.replace(/^[a-z-]+:\/\//, '')} nix-daemon --version`,
  },
  {
    matches: (text) => /protocol mismatch/i.test(text),
    code: 'copy-failed',
    what: 'the machine’s login shell prints text where only Nix may',
    fix: () => loginShellFix,
  },
  {
    matches: (text) => /hash mismatch/i.test(text),
    code: 'copy-failed',
    what: 'a path in this computer’s store is corrupted',
    fix: () =>
      'Check this computer’s disk, repair the store with `nix-store --verify --check-contents --repair`, and run again.',
  },
  {
    matches: (text) =>
      /lacks a (valid )?signature|signature by a trusted key|not privileged|not trusted/i.test(text),
    code: 'copy-failed',
    what: 'the machine does not accept the paths',
    fix: () =>
      'Copy as root, or as a user in nix.settings.trusted-users of the machine; or sign the paths with a key that the machine trusts.',
  },
  {
    matches: (text) =>
      /connection (refused|timed out|closed|reset)|no route to host|could not resolve|network is unreachable|disconnected unexpectedly|broken pipe|timeout, server|cannot connect to|failed to start ssh|unexpected end-of-file/i.test(
        text,
      ),
    code: 'unreachable',
    what: 'the ssh connection failed or broke',
    fix: () => 'Check that the machine is on and reachable, and run again: paths that were copied are kept.',
  },
];

/** The error of a copy that was ended because it made no progress. */
export function stalledCopy(host: string | undefined, cause: unknown): FleetError {
  return new FleetError({
    code: 'copy-failed',
    what: 'the copy made no progress and was ended',
    host,
    why: `nothing was transferred for ${stallSeconds / 60} minutes`,
    fix: 'Look at what the machine does: nix-daemon may wait for a lock or a disk. Then run again: paths that were copied are kept.',
    cause,
  });
}

/**
 * The error of a failed `nix copy`.
 * @param messages what nix and ssh printed
 */
export function copyError({
  target,
  host,
  messages,
}: {
  target: string;
  host?: string;
  messages: readonly string[];
}): FleetError {
  // Without parameters, which concern Nix alone.
  const where = target.replace(/\?.*$/, '');
  const text = messages.join('\n').trim();
  const cause = causes.find(({ matches }) => matches(text));
  return new FleetError({
    code: cause?.code ?? 'copy-failed',
    what: cause?.what ?? `the closure could not be copied to ${where}`,
    host,
    why: text.split('\n').slice(-10).join('\n') || 'nix printed no error message',
    fix: cause?.fix(where) ?? 'Run again: paths that were copied are kept.',
  });
}
