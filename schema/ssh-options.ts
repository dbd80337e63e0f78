import { z } from 'zod';

/** Which key a machine must have is never left to an option: each of these could make another one good enough. */
const hostKeyChecking = [
  'CheckHostIP',
  'GlobalKnownHostsFile',
  'HostKeyAlias',
  'KnownHostsCommand',
  'NoHostAuthenticationForLocalhost',
  'StrictHostKeyChecking',
  'UpdateHostKeys',
  'UserKnownHostsFile',
  'VerifyHostKeyDNS',
].map((keyword) => keyword.toLowerCase());

/** What a session is and how its end is seen, on which all that runs over it relies. */
const session = [
  'BatchMode',
  'ControlMaster',
  'ControlPath',
  'ControlPersist',
  'EscapeChar',
  'ForkAfterAuthentication',
  'Host',
  'Include',
  'LocalCommand',
  'LogLevel',
  'Match',
  'PermitLocalCommand',
  'RemoteCommand',
  'RequestTTY',
  'ServerAliveCountMax',
  'SessionType',
  'StdinNull',
].map((keyword) => keyword.toLowerCase());

/**
 * Options of ssh_config(5) that the user may add.
 * @param ownSettings keywords of ssh_config(5) that are set by a setting of the connection, and its name
 */
export function sshOptionsSetting(ownSettings: Readonly<Record<string, string>>) {
  const own = new Map(Object.entries(ownSettings).map(([keyword, name]) => [keyword.toLowerCase(), name]));
  return z
    .record(
      z.string(),
      z
        .string('must be text; in YAML, put it in quotes')
        .regex(/^[^\0\r\n]+$/, 'must be one line, and not empty'),
    )
    .superRefine((options, context) => {
      for (const keyword of Object.keys(options)) {
        const message = refusal(keyword, own);
        if (message) context.addIssue({ code: 'custom', path: [keyword], message });
      }
    });
}

function refusal(keyword: string, own: ReadonlyMap<string, string>): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(keyword)) return 'must be a keyword of ssh_config(5)';
  const known = keyword.toLowerCase();
  if (own.has(known)) return `is a setting of its own: ${own.get(known)}`;
  if (hostKeyChecking.includes(known))
    return 'would change how host keys are checked: use hostKey, proxyJumpHostKey or known_hosts';
  if (session.includes(known)) return 'is decided by nixos-fleet';
  return undefined;
}
