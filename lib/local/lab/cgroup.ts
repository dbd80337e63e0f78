import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where systemd's cgroups can be: version 1 alone or mixed, mixed, version 2 alone. run-machine.sh knows the same. */
const hierarchies = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'];

/** Cgroup of a lab machine, relative to the hierarchies' tops. */
export function cgroupOf(title: string): string {
  return `nixos-fleet-lab/${title}`;
}

/** Pids of every process in the cgroup and those below it. */
export async function cgroupProcesses(cgroup: string): Promise<number[]> {
  const pids = new Set<number>();
  for (const folder of await cgroupFolders(cgroup)) {
    const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const line of text.split('\n')) if (line) pids.add(Number(line));
  }
  return [...pids];
}

/** Removes an empty cgroup with those below it, and the parent all labs share when it is the last. */
export async function removeCgroup(cgroup: string): Promise<void> {
  for (const folder of (await cgroupFolders(cgroup)).reverse()) await rmdir(folder).catch(ignore);
  const parent = cgroup.split('/')[0] ?? cgroup;
  for (const hierarchy of hierarchies) await rmdir(join(hierarchy, parent)).catch(ignore);
}

/** All folders of the cgroup in all hierarchies, parents first. */
async function cgroupFolders(cgroup: string): Promise<string[]> {
  const found: string[] = [];
  for (const hierarchy of hierarchies) {
    const top = join(hierarchy, cgroup);
    const below = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => undefined);
    if (!below) continue;
    const folders = below
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    found.push(top, ...folders.sort((one, other) => one.length - other.length));
  }
  return found;
}

/** Gone already, or still in use: who calls looks for processes itself. */
function ignore(): void {}
