import * as z from 'zod';
import { accountPattern, jumpPattern as jump } from './jump.ts';
import { sshOptionsSetting } from './ssh-options.ts';

const hostKey = z
  .string()
  .regex(/^(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/=]+/, "must be a public key line such as 'ssh-ed25519 AAAA…'");

/** Which machine it is: never shared by several. */
export const machineSettings = {
  local: z
    .boolean()
    .optional()
    .describe('Whether the machine is the operator’s own computer, entered without ssh.'),
  address: z
    .string()
    .regex(/^[^\s@/-][^\s@/]*$/, 'must be a host name, an IP address or an ssh_config alias')
    .regex(/^[^[\]]*$/, 'must be without brackets: fd10::1')
    // URLs of stores and checks have none.
    .regex(/^[^%]*$/, 'must be without a zone: use a name, for which ssh_config has HostName fe80::1%eth0')
    .default('')
    .describe('Host name, IP address or ssh_config alias of the machine; not needed with local.'),
  hostKey: hostKey
    .optional()
    .describe("The machine's public host key. Without it, known_hosts decides; an unknown key is refused."),
};

/** How it is entered, whether by ssh or not. */
const loginSettings = {
  user: z
    .string()
    .regex(new RegExp(`^${accountPattern}$`), 'must be a Unix user name')
    .default('root')
    .describe('User to log in as; it needs root rights.'),
  become: z
    .enum(['sudo', 'doas', 'run0'])
    .optional()
    .describe('How a user other than root becomes root. Default: sudo.'),
  becomePassword: z
    .string('must be text; in YAML, put it in quotes')
    .regex(/^[^\0\r\n]+$/, 'must be one line, and not empty')
    .optional()
    .describe(
      'Password that sudo asks for; always a secret in the state. In a stack’s config it is set with `pulumi config set --secret --path`, and refused in plain text. Without it, becoming root must need no password.',
    ),
  connectTimeoutSeconds: z
    .int()
    .min(1)
    .max(600)
    .default(15)
    .describe('Seconds to wait for a connection before the machine counts as unreachable.'),
};

/** How ssh reaches it: without meaning where the machine is the operator's own computer. */
const sshSettings = {
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('TCP port of sshd. Default: that of ssh_config, else 22.'),
  identityFile: z.string().optional().describe('Private key file to log in with.'),
  proxyJump: z
    .string()
    .regex(
      new RegExp(`^${jump}(,${jump})*$`),
      'must be [user@]host[:port], several separated by commas: the first is the nearest',
    )
    .optional()
    .describe('Machines to go through: [user@]host[:port], several separated by commas, the nearest first.'),
  proxyJumpHostKey: hostKey
    .optional()
    .describe(
      'Public host key of the one machine of proxyJump. Without it, known_hosts decides; an unknown key is refused.',
    ),
  sshOptions: sshOptionsSetting
    .optional()
    .describe('Further options of ssh_config(5), keyword to value, of those that are the user’s.'),
  forwardAgent: z
    .boolean()
    .optional()
    .describe(
      'Whether sudo on the machine may ask the operator’s ssh-agent for a proof, as `nixosFleet.agentSudo` lets it. Meanwhile root of that machine can use the agent, too.',
    ),
  serverAliveSeconds: z
    .int()
    .min(1)
    .max(600)
    .optional()
    .describe(
      'Seconds without an answer after which an open connection counts as lost, rounded up to a multiple of 3. Default: 15.',
    ),
  bootstrapUser: z
    .string()
    .regex(new RegExp(`^${accountPattern}$`), 'must be a Unix user name')
    .optional()
    .describe(
      'User to log in as while `user` cannot log in yet, as in an image or an installer; becomes root without a password. Its account, keys and home are removed after the first confirmed deployment.',
    ),
};

/** What can hold for several machines. */
export const sharedSettings = { ...loginSettings, ...sshSettings };

/** Each setting by itself; `connection` checks which go together. A new one belongs into one of the three groups above. */
export const connectionSettings = z.strictObject({ ...machineSettings, ...sharedSettings });

/** Names of ssh's settings. */
export const sshKeys = ['hostKey', ...z.object(sshSettings).keyof().options] as const;

/** Names of the settings. */
export const connectionKeys = connectionSettings.keyof().options;

/** How a machine is entered. Of ssh, whatever is left out comes from the user's own ssh configuration. */
export const connection = connectionSettings
  .overwrite((settings) =>
    settings.local && settings.address === '' ? { ...settings, address: 'localhost' } : settings,
  )
  .superRefine((settings, context) => {
    for (const [path, message] of connectionProblems(settings)) {
      context.addIssue({ code: 'custom', path: [path], message });
    }
  });

export type Connection = z.infer<typeof connection>;

/** What does not go together in a connection: key to message. A config's host is judged by the same rules. */
export function connectionProblems(settings: Partial<Connection>): [keyof Connection, string][] {
  const { local, address, become = 'sudo', becomePassword, proxyJump, proxyJumpHostKey } = settings;
  const problems: [keyof Connection, string][] = [];
  if (!local && address === '') problems.push(['address', 'is needed, unless local is true']);
  if (local) {
    for (const key of sshKeys) {
      if (settings[key] !== undefined)
        problems.push([key, 'has no effect with local: true, which uses no ssh: remove it']);
    }
  }
  if (becomePassword !== undefined && become !== 'sudo') {
    const instead = {
      doas: 'permit nopass :wheel (security.doas.extraRules)',
      run0: 'a polkit rule for org.freedesktop.systemd1.manage-units (security.polkit.extraConfig)',
    }[become];
    problems.push([
      'becomePassword',
      `cannot be given to ${become}, which reads it from a terminal only: use sudo, or let it ask none with ${instead}`,
    ]);
  }
  if (proxyJumpHostKey !== undefined && (proxyJump === undefined || proxyJump.includes(','))) {
    problems.push([
      'proxyJumpHostKey',
      'needs a proxyJump of one machine; of several, known_hosts holds the keys',
    ]);
  }
  const { user = 'root', forwardAgent, bootstrapUser } = settings;
  if (forwardAgent && !local) {
    if (user === 'root') problems.push(['forwardAgent', 'has no effect for root, who needs no sudo']);
    else if (become !== 'sudo')
      problems.push(['forwardAgent', `has no effect with ${become}, only with sudo`]);
    else if (becomePassword !== undefined)
      problems.push(['forwardAgent', 'takes the place of becomePassword: leave one of them out']);
  }
  if (bootstrapUser === user)
    problems.push(['bootstrapUser', `is ${user}, who is to stay: name another user, or none`]);
  const command = Object.keys(settings.sshOptions ?? {}).find((key) => key.toLowerCase() === 'proxycommand');
  if (command && proxyJump !== undefined)
    problems.push(['sshOptions', `${command} does not go with proxyJump`]);
  return problems;
}

/** An address as the host of a URL or of `user@host`: IPv6 in brackets. */
export function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
