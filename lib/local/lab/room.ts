import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { availableMiB } from '../../base/available-memory.ts';
import { FleetError } from '../../base/errors.ts';

const limitFile = '/proc/sys/fs/inotify/max_user_instances';
/** Instances of a lab machine: its systemd, journald, logind, D-Bus and networkd. */
const perMachine = 6;

/** What an idle machine takes (31 MiB), a deployment to it, and a reserve for the programs that make it. */
const neededMiB = 256;

/**
 * Fails if this computer has no room for another lab machine. It looks before each start: without memory the kernel would end some
 * machine's processes, without inotify instances the machine would boot and get no network.
 */
export async function requireRoom(host: string): Promise<void> {
  const problem = memoryProblem(host, availableMiB());
  if (problem) throw problem;
  await requireInotify(host);
}

/** The error of a machine that would get too little memory. */
export function memoryProblem(host: string, available: number): FleetError | undefined {
  if (available >= neededMiB) return undefined;
  return new FleetError({
    code: 'lab-failed',
    host,
    what: 'this computer has too little memory for another lab machine',
    why: `${Math.floor(available)} MiB are available, and ${neededMiB} MiB are needed to start a machine and deploy to it`,
    fix: 'End other programs, or make fewer machines. Machines that run stay.',
  });
}

/**
 * Fails if this user has no inotify instances left for another lab machine: a machine's root is this computer's, so that they
 * share one limit.
 */
async function requireInotify(host: string): Promise<void> {
  const limit = Number(await readFile(limitFile, 'utf8').catch(() => '')) || Number.POSITIVE_INFINITY;
  if (limit === Number.POSITIVE_INFINITY) return;
  const problem = inotifyProblem(host, await instancesInUse(), limit);
  if (problem) throw problem;
}

/** The error of a machine that would exceed the limit. */
export function inotifyProblem(host: string, used: number, limit: number): FleetError | undefined {
  if (used + perMachine <= limit) return undefined;
  return new FleetError({
    code: 'lab-failed',
    host,
    what: 'this computer has too few inotify instances for another lab machine',
    why: `${used} of ${limit} are in use, and a machine needs ${perMachine}`,
    fix: `Raise the limit: sysctl fs.inotify.max_user_instances=${Math.max(1024, 2 * limit)}; a file in /etc/sysctl.d keeps it.`,
  });
}

/** inotify instances that processes of this user hold; machines' processes are among them. */
async function instancesInUse(): Promise<number> {
  const uid = process.getuid?.();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const counts = await Promise.all(
    pids.map(async (pid) => {
      try {
        if ((await stat(`/proc/${pid}`)).uid !== uid) return 0;
        const folder = `/proc/${pid}/fd`;
        const targets = await Promise.all(
          (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')),
        );
        return targets.filter((target) => target === 'anon_inode:inotify').length;
      } catch {
        return 0; // It has ended.
      }
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
