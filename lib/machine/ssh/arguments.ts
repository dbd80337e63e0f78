import { existsSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Connection } from '../../../schema/connection.ts';
import { sha256 } from '../../base/hash.ts';
import { expandHome } from '../../base/home.ts';
import { withoutComment } from '../../base/host-key.ts';
import { omit } from '../../base/pick.ts';
import { configFile, hostKeySettings, lastJump, strictSettings } from './config-file.ts';
import { runtimeDirectory } from './runtime-directory.ts';

export interface SshOptions {
  /** A connection of its own instead of sharing an open one: what it proves is true now. */
  fresh?: boolean;
}

/** How long an idle shared connection is kept, in seconds. */
const persistSeconds = 30;

/**
 * Options for ssh that lead to this machine and no other; without the destination, the user and the port.
 * No argument holds white space, so that they can be joined for NIX_SSHOPTS.
 * The host key is always checked: against `hostKey` alone where it is given, else against the user's known_hosts.
 */
export function sshOptions(connection: Connection, options: SshOptions = {}): string[] {
  const directory = runtimeDirectory();
  const key = connectionHash(connection);
  const identityFile = connection.identityFile && plainPath(connection.identityFile, directory, key);
  const settings: Record<string, string | number> = {
    ...strictSettings(connection),
    // To the machine alone, and never to those on the way.
    ...(connection.forwardAgent ? { ForwardAgent: 'yes' } : {}),
    ...(options.fresh
      ? { ControlMaster: 'no', ControlPath: 'none' }
      : { ControlMaster: 'auto', ControlPath: join(directory, `c-${key}`), ControlPersist: persistSeconds }),
    ...(connection.hostKey ? hostKeySettings(connection.address, connection.hostKey, `k-${key}`) : {}),
    ...(identityFile ? { IdentityFile: identityFile, IdentitiesOnly: 'yes' } : {}),
  };
  const file = configFile(connection, key, identityFile);
  // Those that must not be changed the schema has refused; of the others, the user's word counts.
  const given = new Set(Object.keys(connection.sshOptions ?? {}).map((keyword) => keyword.toLowerCase()));
  const own = Object.entries(settings).filter(([name]) => !given.has(name.toLowerCase()));
  return [...(file ? ['-F', file] : []), ...own.flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** Arguments of ssh up to and including the destination. */
export function sshArgs(connection: Connection, options: SshOptions = {}): string[] {
  const destination = [...portOption(connection), '-l', connection.user, '--', connection.address];
  return [...sshOptions(connection, options), ...destination];
}

/**
 * Arguments of an ssh whose standard input and output lead to a port of the machine, from the last jump host; undefined
 * where there is none. It says when the port has accepted.
 */
export function throughJumpArgs(connection: Connection, port: number): string[] | undefined {
  const key = connectionHash(connection);
  const identityFile = connection.identityFile && plainPath(connection.identityFile, runtimeDirectory(), key);
  const last = lastJump(connection, key, identityFile);
  return last && ['-vv', '-F', last.file, '-W', `[${connection.address}]:${port}`, '--', last.host];
}

/** `-p PORT`, where one is given: else the user's ssh configuration decides. */
export function portOption({ port }: Connection): string[] {
  return port === undefined ? [] : ['-p', String(port)];
}

/** What is no matter of an open connection: it is used before ssh connects, or once it has. */
const besideSsh = ['local', 'become', 'becomePassword', 'bootstrapUser', 'connectTimeoutSeconds'] as const;

/** Tells connections apart: one that expects another host key, logs in otherwise or lends its agent never shares a socket. */
function connectionHash(connection: Connection): string {
  const { hostKey = '', proxyJumpHostKey = '', ...others } = omit(connection, besideSsh);
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
