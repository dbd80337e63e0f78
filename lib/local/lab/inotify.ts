import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { FleetError } from '../../base/errors.ts';

const limitFile = '/proc/sys/fs/inotify/max_user_instances';
/** Instances of a lab machine: its systemd, journald, logind, D-Bus and networkd. */
const perMachine = 6;

/**
 * Fails if this user has no inotify instances left for another lab machine: a machine's root is this computer's, so that they
 * share one limit, and a machine without them boots but gets no network.
 */
export async function requireInotify(host: string): Promise<void> {
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
