import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { jumpsOf } from '../schema/jump.ts';
import type { ConnectionArgs } from './connection.ts';
import * as pulumi from './pulumi.ts';

/** A host in front of a machine, through which @pulumi/command reaches it. */
export interface CommandProxyArgs extends Pick<ConnectionArgs, 'user' | 'port' | 'identityFile'> {
  address: pulumi.Input<string>;
  /** Its public host key; required. */
  hostKey: pulumi.Input<string>;
}

/**
 * Seconds for a TCP connection, of which @pulumi/command tries ten. Not `connectTimeoutSeconds`: @pulumi/command runs a command
 * again when any property of its connection changes.
 */
const perDialTimeout = 15;

type Known = pulumi.Unwrap<Partial<ConnectionArgs>>;

/**
 * The connection of a machine in the form of @pulumi/command, which reads neither ssh_config nor known_hosts. A secret, as it
 * contains the private key. Settings that it ignores are reported as messages of `parent`. Rejects as `knownConnection` throws,
 * also in a preview if the connection is known.
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
      reportIgnored(parent, host, direct);
      return reached;
    }),
  );
}

/**
 * The same for known values: through `proxy`, else through the single machine of the connection's `proxyJump`. Host keys are
 * required, as @pulumi/command accepts any key if it has none.
 * @throws pulumi.RunError where a host key or a key to log in with is missing, or @pulumi/command lacks a setting of the connection
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
  return { ...target, perDialTimeout, ...(through ? { proxy: { ...through, perDialTimeout } } : {}) };
}

/** The machine of `proxyJump`, with the same key to log in with. */
function jumpOf(host: string, { proxyJump, proxyJumpHostKey, sshOptions = {}, identityFile }: Known) {
  const command = Object.keys(sshOptions).find((keyword) => keyword.toLowerCase() === 'proxycommand');
  if (command) {
    throw unusable(
      host,
      `the connection uses sshOptions.${command}, and @pulumi/command does not run ssh`,
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
    throw unusable(host, (error as Error).message, 'Set identityFile to the path of the private key.');
  }
}

function reportIgnored(parent: pulumi.Resource, host: string, direct: Known): void {
  const { user = 'root', become, becomePassword, sshOptions = {} } = direct;
  const keywords = Object.keys(sshOptions);
  if (keywords.length > 0) {
    const what = `${host}: @pulumi/command ignores sshOptions. Commands and files do not use`;
    void pulumi.log.warn(`${what} ${keywords.join(', ')}.`, parent);
  }
  if (user !== 'root' && (become !== undefined || becomePassword !== undefined)) {
    const how = `commands run as ${user}: use ${become ?? 'sudo'} in those that need root`;
    void pulumi.log.info(`${host}: ${how}.`, parent);
  }
}

function unusable(host: string, why: string, fix: string): pulumi.RunError {
  const what = 'its commands and files cannot be run safely';
  return new pulumi.RunError(`${host}: ${what} [config-invalid]\n  why:  ${why}\n  fix:  ${fix}`);
}
