import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface FileUser {
  pid: number;
  /** First word of its command line. */
  program: string;
}

/**
 * Processes on this computer that have a file open, among those this user may inspect (root: all). A missing file has
 * none.
 */
export async function usersOf(path: string): Promise<FileUser[]> {
  const file = await stat(path).catch(() => undefined);
  if (!file) return [];
  const users: FileUser[] = [];
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!pid || pid === process.pid) continue;
    const folder = join('/proc', entry, 'fd');
    const descriptors = await readdir(folder).catch(() => []);
    for (const descriptor of descriptors) {
      const open = await stat(join(folder, descriptor)).catch(() => undefined);
      if (open?.ino !== file.ino || open.dev !== file.dev) continue;
      const commandLine = await readFile(join('/proc', entry, 'cmdline'), 'utf8').catch(() => '');
      users.push({ pid, program: commandLine.split('\0')[0] ?? '' });
      break;
    }
  }
  return users;
}
