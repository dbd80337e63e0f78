import { readlinkSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from './hash.ts';

/**
 * Calls `use` with a new folder that only this user may enter, and removes it afterwards. Also removes those of ended processes,
 * as a killed one removes nothing.
 * @param parent an existing folder
 */
export async function withTemporaryFolder<Result>(
  use: (folder: string) => Result | Promise<Result>,
  { parent = tmpdir() } = {},
): Promise<Result> {
  const prefix = `nixos-fleet-${pidScope()}-`;
  await removeLeftovers(parent, prefix);
  const folder = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Names the computer and its pid namespace: containers may share a folder, and have processes of the same pid. */
function pidScope(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // There are no namespaces.
  }
  return sha256(`${hostname()} ${namespace}`).slice(0, 8);
}

async function removeLeftovers(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(/^(\d+)-\w+$/.exec(name.slice(prefix.length))?.[1]);
    if (!(pid > 0) || isRunning(pid)) continue;
    const folder = join(parent, name);
    // Another process may remove it at the same time.
    const status = await lstat(folder).catch(() => undefined);
    if (!status?.isDirectory() || status.uid !== process.getuid?.()) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
