import { join } from 'node:path';
import type { Connection } from '../../../schema/connection.ts';
import { type Jump, jumpsOf } from '../../../schema/jump.ts';
import { withoutComment } from '../../base/host-key.ts';
import { shellQuote } from '../../base/quote.ts';
import { writeOnce } from './private-file.ts';
import { runtimeDirectory } from './runtime-directory.ts';

/** Requests without an answer after which ssh gives a connection up. */
const aliveRequests = 3;

/** What is set of every connection, on the way or at its end: the key is known, nobody is asked, silence is noticed. */
export function strictSettings({
  connectTimeoutSeconds,
  serverAliveSeconds = 15,
}: Connection): Record<string, string | number> {
  return {
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no',
    ConnectTimeout: connectTimeoutSeconds,
    ServerAliveInterval: Math.ceil(serverAliveSeconds / aliveRequests),
    ServerAliveCountMax: aliveRequests,
    LogLevel: 'ERROR',
    ForwardAgent: 'no',
  };
}

/** Settings by which one key alone is taken; the file that holds it is called `name`. */
export function hostKeySettings(address: string, hostKey: string, name: string): Record<string, string> {
  const file = join(runtimeDirectory(), name);
  writeOnce(file, `${address} ${withoutComment(hostKey)}\n`);
  return {
    UserKnownHostsFile: file,
    GlobalKnownHostsFile: '/dev/null',
    HostKeyAlias: address,
    CheckHostIP: 'no',
  };
}

/**
 * Writes the file for `ssh -F` with the jump hosts and further options of a connection, and returns its path; undefined
 * where there are none. ProxyJump is not used: ssh hands none of its options on to the jump host, not even that its key
 * must be known. The user's own configuration follows, for ssh reads no other file beside this one.
 * @param key tells this connection's files from those of others
 * @param identityFile as it can be written into the file: with no white space
 */
export function configFile(connection: Connection, key: string, identityFile?: string): string | undefined {
  const { sshOptions = {} } = connection;
  const last = lastJump(connection, key, identityFile);
  const through = last && proxyCommand(last);
  if (through === undefined && Object.keys(sshOptions).length === 0) return undefined;
  return writeConfig(`f-${key}`, { ...sshOptions, ...(through ? { ProxyCommand: through } : {}) });
}

/** A machine on the way, and the file for `ssh -F` that leads to it. */
export interface KnownJump {
  host: string;
  file: string;
}

/** The last machine on the way to a connection's end, after the files that lead there were written; undefined without jump hosts. */
export function lastJump(connection: Connection, key: string, identityFile?: string): KnownJump | undefined {
  return jumpsOf(connection).reduce<KnownJump | undefined>((before, jump, index) => {
    const settings = jumpSettings(connection, jump, key, before && proxyCommand(before), identityFile);
    return { host: jump.host, file: writeConfig(`f-${key}-${index}`, settings) };
  }, undefined);
}

function jumpSettings(
  connection: Connection,
  { host, user, port }: Jump,
  key: string,
  through: string | undefined,
  identityFile: string | undefined,
): Record<string, string | number> {
  const { proxyJumpHostKey } = connection;
  return {
    ...strictSettings(connection),
    ControlMaster: 'no',
    ControlPath: 'none',
    ...(user === undefined ? {} : { User: user }),
    ...(port === undefined ? {} : { Port: port }),
    ...(proxyJumpHostKey ? hostKeySettings(host, proxyJumpHostKey, `k-${key}-jump`) : {}),
    ...(identityFile ? { IdentityFile: identityFile } : {}),
    ...(through ? { ProxyCommand: through } : {}),
  };
}

/** `%` begins a token of ssh; the line goes to a shell. */
function proxyCommand({ host, file }: KnownJump): string {
  const literal = (text: string) => shellQuote(text).replaceAll('%', '%%');
  return `ssh -F ${literal(file)} -W '[%h]:%p' -- ${literal(host)}`;
}

function writeConfig(name: string, settings: Record<string, string | number>): string {
  const file = join(runtimeDirectory(), name);
  const lines = Object.entries(settings).map(([keyword, value]) => `${keyword} ${value}\n`);
  writeOnce(file, `${lines.join('')}Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\n`);
  return file;
}
