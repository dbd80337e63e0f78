import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where systemd's cgroups can be: version 1 or hybrid, hybrid, version 2. run-machine.sh has the same list. */
const hierarchies = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'];

/** Cgroup of a lab machine, relative to a hierarchy's root. */
export function cgroupOf(title: string): string {
  return `nixos-fleet-lab/${title}`;
}

/** Pids of all processes in the cgroup and its children. */
export async function cgroupProcesses(cgroup: string): Promise<number[]> {
  const pids = new Set<number>();
  for (const folder of await cgroupFolders(cgroup)) {
    const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const line of text.split('\n')) if (line) pids.add(Number(line));
  }
  return [...pids];
}

/** Removes an empty cgroup with its children, and the parent shared by all labs once it is empty. */
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

/** The cgroup is already gone or still in use; callers check for processes themselves. */
function ignore(): void {}
