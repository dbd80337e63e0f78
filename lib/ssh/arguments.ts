import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Connection } from '../../schema/connection.ts';
import { withoutComment } from './host-key.ts';
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
  const settings: Record<string, string | number> = {
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no',
    ConnectTimeout: connection.connectTimeoutSeconds,
    ServerAliveInterval: 5,
    ServerAliveCountMax: 3,
    LogLevel: 'ERROR',
    ForwardAgent: 'no',
    ...(options.fresh
      ? { ControlMaster: 'no', ControlPath: 'none' }
      : { ControlMaster: 'auto', ControlPath: join(directory, `c-${key}`), ControlPersist: persistSeconds }),
  };
  if (connection.hostKey) {
    const file = join(directory, `k-${key}`);
    writeOnce(file, `${connection.address} ${withoutComment(connection.hostKey)}\n`);
    settings.UserKnownHostsFile = file;
    settings.GlobalKnownHostsFile = '/dev/null';
    settings.HostKeyAlias = connection.address;
    settings.CheckHostIP = 'no';
  }
  if (connection.identityFile) {
    settings.IdentityFile = plainPath(connection.identityFile, directory, key);
    settings.IdentitiesOnly = 'yes';
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Arguments of ssh up to and including the destination. */
export function sshArgs(connection: Connection, options: SshOptions = {}): string[] {
  const destination = [...portOption(connection), '-l', connection.user, '--', connection.address];
  return [...sshOptions(connection, options), ...destination];
}

/** `-p PORT`, where one is given: else the user's ssh configuration decides. */
export function portOption({ port }: Connection): string[] {
  return port === undefined ? [] : ['-p', String(port)];
}

/** Tells connections apart: one that expects another host key or logs in otherwise never shares a socket. */
function connectionHash(connection: Connection): string {
  const { address, user, port, hostKey = '', identityFile = '' } = connection;
  const text = JSON.stringify([address, user, port, withoutComment(hostKey), identityFile]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function plainPath(file: string, directory: string, key: string): string {
  const path = resolve(file.replace(/^~(?=\/)/, process.env.HOME ?? '~'));
  if (!/\s/.test(path)) return path;
  const link = join(directory, `i-${key}`);
  if (!existsSync(link)) symlinkSync(path, link);
  return link;
}

function writeOnce(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  const part = `${file}.${process.pid}`;
  writeFileSync(part, text, { mode: 0o600 });
  renameSync(part, file);
}
