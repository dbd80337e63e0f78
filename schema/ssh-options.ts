import { z } from 'zod';

/** Settings of this package that stand for an option of ssh. */
const ownSettings: Record<string, string> = {
  forwardagent: 'forwardAgent',
  connecttimeout: 'connectTimeoutSeconds',
  hostname: 'address',
  identityfile: 'identityFile',
  port: 'port',
  proxyjump: 'proxyJump',
  user: 'user',
};

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
  'ServerAliveInterval',
  'SessionType',
  'StdinNull',
].map((keyword) => keyword.toLowerCase());

/** Options of ssh_config(5) that the user may add. */
export const sshOptions = z
  .record(
    z.string(),
    z
      .string('must be text; in YAML, put it in quotes')
      .regex(/^[^\0\r\n]+$/, 'must be one line, and not empty'),
  )
  .superRefine((options, context) => {
    for (const keyword of Object.keys(options)) {
      const message = refusal(keyword);
      if (message) context.addIssue({ code: 'custom', path: [keyword], message });
    }
  });

function refusal(keyword: string): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(keyword)) return 'must be a keyword of ssh_config(5)';
  const known = keyword.toLowerCase();
  if (ownSettings[known]) return `is a setting of its own: ${ownSettings[known]}`;
  if (hostKeyChecking.includes(known))
    return 'would change how host keys are checked: use hostKey, proxyJumpHostKey or known_hosts';
  if (session.includes(known)) return 'is decided by nixos-fleet';
  return undefined;
}
