import { existsSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Connection } from '../../../schema/connection.ts';
import { unshared } from '../../../schema/ssh-keywords.ts';
import { sha256 } from '../../base/hash.ts';
import { expandHome } from '../../base/home.ts';
import { withoutComment } from '../../base/host-key.ts';
import { omit } from '../../base/pick.ts';
import { configFile, hostKeySettings, lastJump, strictSettings } from './config-file.ts';
import { runtimeDirectory } from './runtime-directory.ts';

export interface SshOptions {
  /** A new connection instead of the shared one: proves that the machine can be logged in to now. Default: false. */
  fresh?: boolean;
  /** For an ssh that Nix starts, which has a local command of its own: it reports the connection. Default: false. */
  nix?: boolean;
}

/** How long an idle shared connection is kept, in seconds. */
const persistSeconds = 30;

/**
 * Options of ssh for this machine, without destination, user and port. No argument contains white space, so that they can be
 * joined for NIX_SSHOPTS. The host key is always checked: against `hostKey` if it is set, else against known_hosts.
 */
export function sshOptions(connection: Connection, options: SshOptions = {}): string[] {
  const directory = runtimeDirectory();
  const key = connectionHash(connection);
  const identityFile = connection.identityFile && plainPath(connection.identityFile, directory, key);
  const settings = {
    ...strictSettings(connection),
    PermitLocalCommand: options.nix ? undefined : 'no',
    // To the machine only, never to its jump hosts.
    ForwardAgent: connection.forwardAgent ? 'yes' : 'no',
    ...(options.fresh
      ? unshared
      : { ControlMaster: 'auto', ControlPath: join(directory, `c-${key}`), ControlPersist: persistSeconds }),
    ...(connection.hostKey ? hostKeySettings(connection.address, connection.hostKey, `k-${key}`) : {}),
    ...(identityFile ? { IdentityFile: identityFile, IdentitiesOnly: 'yes' } : {}),
  };
  const file = configFile(connection, key, identityFile);
  // The schema refuses options that must not change; for all others the user's value wins.
  const given = new Set(Object.keys(connection.sshOptions ?? {}).map((keyword) => keyword.toLowerCase()));
  const own = Object.entries(settings).filter(
    ([name, value]) => value !== undefined && !given.has(name.toLowerCase()),
  );
  return [...(file ? ['-F', file] : []), ...own.flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** Arguments of ssh up to and including the destination. */
export function sshArgs(connection: Connection, options: SshOptions = {}): string[] {
  const destination = [...portOption(connection), '-l', connection.user, '--', connection.address];
  return [...sshOptions(connection, options), ...destination];
}

/**
 * Arguments of an ssh that forwards its standard input and output from the last jump host of a connection to a port of a host;
 * undefined without a jump host. Its debug output tells when the port has accepted.
 */
export function throughJumpArgs(
  connection: Connection,
  hostName: string,
  port: number,
): string[] | undefined {
  const key = connectionHash(connection);
  const identityFile = connection.identityFile && plainPath(connection.identityFile, runtimeDirectory(), key);
  const last = lastJump(connection, key, identityFile);
  return last && ['-vv', '-F', last.file, '-W', `[${hostName}]:${port}`, '--', last.host];
}

/** `-p PORT` if a port is set; otherwise ssh_config decides. */
export function portOption({ port }: Connection): string[] {
  return port === undefined ? [] : ['-p', String(port)];
}

/** Settings that do not affect the ssh connection itself. */
const notForSsh = ['local', 'become', 'becomePassword', 'bootstrapUser', 'connectTimeoutSeconds'] as const;

/** Names the control socket: connections that differ in host key, login or agent forwarding never share one. */
function connectionHash(connection: Connection): string {
  const { hostKey = '', proxyJumpHostKey = '', ...others } = omit(connection, notForSsh);
  const keys = [hostKey, proxyJumpHostKey].map(withoutComment);
  const settings = Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify([keys, settings])).slice(0, 16);
}

function plainPath(file: string, directory: string, key: string): string {
  const path = resolve(expandHome(file));
  if (!/\s/.test(path)) return path;
  const link = join(directory, `i-${key}`);
  if (!existsSync(link)) symlinkSync(path, link);
  return link;
}
