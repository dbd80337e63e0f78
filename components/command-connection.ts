import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type { ConnectionArgs } from './connection.ts';

/** A host in front of a machine, through which @pulumi/command reaches it. */
export type CommandProxyArgs = Omit<ConnectionArgs, 'connectTimeoutSeconds' | 'hostKey'> & {
  /** Its public host key; required. */
  hostKey: pulumi.Input<string>;
};

type Known = pulumi.Unwrap<Partial<ConnectionArgs>>;

/**
 * How @pulumi/command reaches a machine: as the deployment does, but by what the connection says alone, for it reads no ssh_config
 * and no known_hosts. A secret, as it holds the private key.
 * Rejects as `knownConnection` throws, in a preview too where the connection is known then.
 */
export function commandConnection(
  host: string,
  connection: pulumi.Input<ConnectionArgs>,
  proxy?: pulumi.Input<CommandProxyArgs>,
) {
  const known = pulumi.all([pulumi.output(connection), pulumi.output(proxy)]);
  return pulumi.secret(known.apply(([direct, through]) => knownConnection(host, direct, through)));
}

/**
 * The same, of values. A host key is required, for @pulumi/command accepts any key where it is given none.
 * @throws pulumi.RunError where a host key, or a way to log in, is missing
 */
export function knownConnection(host: string, direct: Known, proxy?: Known) {
  if (direct.local) {
    throw unusable(
      host,
      'it is the operator’s own computer, and @pulumi/command reaches a Host by ssh',
      'Declare a local.Command of @pulumi/command beside it.',
    );
  }
  return {
    ...endpoint(host, 'connection', direct),
    perDialTimeout: direct.connectTimeoutSeconds ?? 15,
    ...(proxy ? { proxy: endpoint(host, 'commandProxy', proxy) } : {}),
  };
}

function endpoint(host: string, where: string, { address = '', user = 'root', port = 22, ...keys }: Known) {
  const { hostKey, identityFile } = keys;
  if (!hostKey) {
    throw unusable(
      host,
      `${where}.hostKey is not set, and @pulumi/command accepts any key then`,
      `Set hostKey to the public key that \`ssh-keygen -F ${address}\` shows, without the address.`,
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

function unusable(host: string, why: string, mend: string): pulumi.RunError {
  const what = 'its commands and files cannot be run safely';
  return new pulumi.RunError(`${host}: ${what} [config-invalid]\n  why:  ${why}\n  do:   ${mend}`);
}
