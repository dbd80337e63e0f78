/** The most memory and file handles that the provider of a project had while it ran. */
import { readdir, readFile } from 'node:fs/promises';

export interface Most {
  memoryMiB: number;
  handles: number;
}

/** Looks four times a second until `work` has ended. @param folder the project's */
export async function watchProvider(folder: string, work: () => Promise<unknown>): Promise<Most> {
  const most: Most = { memoryMiB: 0, handles: 0 };
  let pid: string | undefined;
  const look = async () => {
    // All processes are searched only until it is found: the machines' are among them.
    pid ??= await findProvider(folder);
    if (pid) await lookAt(pid, most);
  };
  const timer = setInterval(() => void look(), 250);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most;
}

async function findProvider(folder: string): Promise<string | undefined> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (/(^|\/)node\0/.test(command) && command.includes(`${folder}/`) && command.includes('/provider/'))
      return pid;
  }
  return undefined;
}

async function lookAt(pid: string, most: Most): Promise<void> {
  try {
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
    most.memoryMiB = Math.max(most.memoryMiB, Number(resident ?? 0) / 1024);
    most.handles = Math.max(most.handles, (await readdir(`/proc/${pid}/fd`)).length);
  } catch {
    // It has ended.
  }
}
