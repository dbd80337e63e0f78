import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { jumpsOf } from '../schema/jump.ts';
import type { ConnectionArgs } from './connection.ts';

/** A host in front of a machine, through which @pulumi/command reaches it. */
export interface CommandProxyArgs extends Pick<ConnectionArgs, 'user' | 'port' | 'identityFile'> {
  address: pulumi.Input<string>;
  /** Its public host key; required. */
  hostKey: pulumi.Input<string>;
}

type Known = pulumi.Unwrap<Partial<ConnectionArgs>>;

/**
 * How @pulumi/command reaches a machine: as the deployment does, but by what the connection says alone, for it reads no ssh_config
 * and no known_hosts. A secret, as it holds the private key. What of the connection it leaves aside is told as a message of `parent`.
 * Rejects as `knownConnection` throws, in a preview too where the connection is known then.
 */
export function commandConnection(
  parent: pulumi.Resource,
  host: string,
  connection: pulumi.Input<ConnectionArgs>,
  proxy?: pulumi.Input<CommandProxyArgs>,
) {
  const known = pulumi.all([pulumi.output(connection), pulumi.output(proxy)]);
  return pulumi.secret(
    known.apply(([direct, through]) => {
      const reached = knownConnection(host, direct, through);
      tellOfUnused(parent, host, direct);
      return reached;
    }),
  );
}

/**
 * The same, of values: through `proxy` or, without one, through the one machine of the connection's `proxyJump`. Host keys are required,
 * for @pulumi/command accepts any key where it is given none.
 * @throws pulumi.RunError where a host key or a way to log in is missing, and where @pulumi/command cannot go the connection's way
 */
export function knownConnection(host: string, direct: Known, proxy?: Known) {
  if (direct.local) {
    throw unusable(
      host,
      'it is the operator’s own computer, and @pulumi/command reaches a Host by ssh',
      'Declare a local.Command of @pulumi/command beside it.',
    );
  }
  const target = endpoint(host, 'connection', direct);
  const through = proxy ? endpoint(host, 'commandProxy', proxy) : jumpOf(host, direct);
  const perDialTimeout = direct.connectTimeoutSeconds ?? 15;
  return { ...target, perDialTimeout, ...(through ? { proxy: { ...through, perDialTimeout } } : {}) };
}

/** The way to the machine of `proxyJump`, which is logged in to with the same key. */
function jumpOf(host: string, { proxyJump, proxyJumpHostKey, sshOptions = {}, identityFile }: Known) {
  const command = Object.keys(sshOptions).find((keyword) => keyword.toLowerCase() === 'proxycommand');
  if (command) {
    throw unusable(
      host,
      `connection.sshOptions.${command} leads to the machine, and @pulumi/command starts no ssh`,
      'Set commandProxy of the Host, or a proxyJump of one machine in place of it.',
    );
  }
  const [jump, ...further] = jumpsOf({ proxyJump });
  if (!jump) return undefined;
  if (further.length > 0) {
    throw unusable(
      host,
      'connection.proxyJump names several machines, and @pulumi/command goes through one',
      'Set commandProxy of the Host to a machine that reaches it directly.',
    );
  }
  if (!jump.user) {
    throw unusable(
      host,
      'connection.proxyJump names no user, and @pulumi/command reads no ssh_config',
      `Name in proxyJump who logs in: root@${proxyJump}, or another user.`,
    );
  }
  const { host: address, user, port } = jump;
  const settings = { address, user, port, hostKey: proxyJumpHostKey, identityFile };
  return endpoint(host, 'connection', settings, 'proxyJumpHostKey');
}

function endpoint(
  host: string,
  where: string,
  { address = '', user = 'root', port = 22, hostKey, identityFile }: Known,
  key = 'hostKey',
) {
  if (!hostKey) {
    const known = port === 22 ? address : `'[${address}]:${port}'`;
    throw unusable(
      host,
      `${where}.${key} is not set, and @pulumi/command accepts any key then`,
      `Set ${key} to the public key that \`ssh-keygen -F ${known}\` shows, without the address.`,
    );
  }
  if (!identityFile && !process.env.SSH_AUTH_SOCK) {
    throw unusable(
      host,
      `there is neither ${where}.identityFile nor an ssh-agent, and @pulumi/command reads no ssh_config`,
      'Set identityFile, or start an ssh-agent and add the key to it.',
    );
  }
  const privateKey = identityFile ? readKey(host, identityFile) : undefined;
  return { host: address, user, port, hostKey, ...(privateKey ? { privateKey } : {}) };
}

function readKey(host: string, file: string): string {
  try {
    return readFileSync(resolve(file.replace(/^~(?=\/)/, homedir())), 'utf8');
  } catch (error) {
    throw unusable(host, (error as Error).message, 'Is identityFile the private key’s path?');
  }
}

function tellOfUnused(parent: pulumi.Resource, host: string, direct: Known): void {
  const { user = 'root', become, becomePassword, sshOptions = {} } = direct;
  const keywords = Object.keys(sshOptions);
  if (keywords.length > 0) {
    const what = `${host}: @pulumi/command knows no sshOptions: commands and files go without`;
    void pulumi.log.warn(`${what} ${keywords.join(', ')}.`, parent);
  }
  if (user !== 'root' && (become !== undefined || becomePassword !== undefined)) {
    const how = `commands run and files are written as ${user}: what becomes root says so itself`;
    void pulumi.log.info(`${host}: ${how} (${become ?? 'sudo'} …).`, parent);
  }
}

function unusable(host: string, why: string, fix: string): pulumi.RunError {
  const what = 'its commands and files cannot be run safely';
  return new pulumi.RunError(`${host}: ${what} [config-invalid]\n  why:  ${why}\n  fix:  ${fix}`);
}
