import { join } from 'node:path';
import type { Connection } from '../../../schema/connection.ts';
import { type Jump, jumpsOf } from '../../../schema/jump.ts';
import { noOtherHostKeys, pinnedSshOptions, unshared } from '../../../schema/ssh-keywords.ts';
import { withoutComment } from '../../base/host-key.ts';
import { shellQuote } from '../../base/quote.ts';
import { runtimeDirectory, writeOnce } from './runtime-directory.ts';

/** Keyword of ssh_config(5) to value; undefined leaves it to the user's configuration. */
type Settings = Record<string, string | number | undefined>;

/** Number of unanswered keepalives after which ssh drops the connection. */
const aliveRequests = 3;

/** Settings for the machine and each jump host: what ssh-keywords.ts pins, limits and keepalives. */
export function strictSettings({
  connectTimeoutSeconds,
  serverAliveSeconds = 15,
}: Connection): Record<string, string | number> {
  return {
    ...pinnedSshOptions,
    ConnectTimeout: connectTimeoutSeconds,
    ServerAliveInterval: Math.ceil(serverAliveSeconds / aliveRequests),
    ServerAliveCountMax: aliveRequests,
    ForwardAgent: 'no',
  };
}

/** Settings that accept only this host key, from a known_hosts file called `name`. */
export function hostKeySettings(address: string, hostKey: string, name: string): Record<string, string> {
  const file = join(runtimeDirectory(), name);
  // A zone begins with %, which begins a token of ssh.
  const alias = address.replace('%', '_');
  writeOnce(file, `${alias} ${withoutComment(hostKey)}\n`);
  return { UserKnownHostsFile: file, ...noOtherHostKeys, HostKeyAlias: alias, CheckHostIP: 'no' };
}

/** The way to a machine or jump host behind another one. */
function throughSettings(jump: KnownJump | undefined): Record<string, string> {
  return jump ? { ProxyCommand: proxyCommand(jump), ProxyUseFdpass: 'no' } : {};
}

/**
 * Writes the file for `ssh -F` with a connection's jump hosts and further options. Returns its path; undefined if there are
 * none. Does not use ProxyJump: ssh passes no options on to the jump host, not even StrictHostKeyChecking. Includes the user's
 * own configuration, since ssh -F reads no other file.
 * @param key distinguishes this connection's files from others
 * @param identityFile path without white space
 */
export function configFile(connection: Connection, key: string, identityFile?: string): string | undefined {
  const { sshOptions = {} } = connection;
  const last = lastJump(connection, key, identityFile);
  if (last === undefined && Object.keys(sshOptions).length === 0) return undefined;
  return writeConfig(`f-${key}`, { ...sshOptions, ...throughSettings(last) });
}

/** A jump host, and the file for `ssh -F` that connects to it. */
export interface KnownJump {
  host: string;
  file: string;
}

/** Writes the files for all jump hosts and returns the last one; undefined without jump hosts. */
export function lastJump(connection: Connection, key: string, identityFile?: string): KnownJump | undefined {
  return jumpsOf(connection).reduce<KnownJump | undefined>((before, jump, index) => {
    const settings = jumpSettings(connection, jump, key, before, identityFile);
    return { host: jump.host, file: writeConfig(`f-${key}-${index}`, settings) };
  }, undefined);
}

function jumpSettings(
  connection: Connection,
  { host, user, port }: Jump,
  key: string,
  before: KnownJump | undefined,
  identityFile: string | undefined,
): Settings {
  const { proxyJumpHostKey } = connection;
  return {
    ...strictSettings(connection),
    ...unshared,
    User: user,
    Port: port,
    ...(proxyJumpHostKey ? hostKeySettings(host, proxyJumpHostKey, `k-${key}-jump`) : {}),
    IdentityFile: identityFile,
    ...throughSettings(before),
  };
}

/** Quoted for the shell that runs it; `%` is doubled, since it begins a token of ssh. */
function proxyCommand({ host, file }: KnownJump): string {
  const literal = (text: string) => shellQuote(text).replaceAll('%', '%%');
  return `ssh -F ${literal(file)} -W '[%h]:%p' -- ${literal(host)}`;
}

function writeConfig(name: string, settings: Settings): string {
  const file = join(runtimeDirectory(), name);
  const lines = Object.entries(settings).flatMap(([keyword, value]) =>
    value === undefined ? [] : [`${keyword} ${value}\n`],
  );
  writeOnce(file, `${lines.join('')}Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\n`);
  return file;
}
