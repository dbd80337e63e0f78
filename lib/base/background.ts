import { readFile } from 'node:fs/promises';
import { exists } from './files.ts';
import { until } from './until.ts';

/** A process that outlives this one. */
export interface BackgroundProcess {
  pid: number;
  /** ISO 8601, UTC. */
  startedAt: string;
}

/** The process with this pid if its command line has this argument; guards against a reused pid. */
export async function processWith(pid: number, argument: string): Promise<BackgroundProcess | undefined> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (!commandLine.split('\0').includes(argument)) return undefined;
  const startedAt = await startOf(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/**
 * Waits for a process to start. Returns it once it runs, `ended` if it announced itself and is gone, undefined on timeout.
 * Checks `announced` before `running`: the process may announce itself between the two.
 */
export function untilStarted<T>(
  { announced, running }: { announced: () => Promise<boolean>; running: () => Promise<T | undefined> },
  limitSeconds: number,
): Promise<T | 'ended' | undefined> {
  return until<T | 'ended'>(
    async () => {
      const wasAnnounced = await announced();
      return (await running()) ?? (wasAnnounced && 'ended');
    },
    { limitSeconds },
  );
}

/** Sends a signal to a process; does nothing if it has ended. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether PID 1 is systemd. Machines then run as its units, since a session's processes may be killed at logout. */
export function systemdRuns(): Promise<boolean> {
  return exists('/run/systemd/system');
}

/** The last lines of a log; empty if it does not exist. */
export async function lastLines(path: string, count = 15): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/** When a process started: field 22 of /proc/PID/stat, in hundredths of a second since boot. */
async function startOf(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const booted = /^btime (\d+)/m.exec(await readFile('/proc/stat', 'utf8'))?.[1];
  // The second field, the program's name, may contain spaces and parentheses.
  const ticks = line?.slice(line.lastIndexOf(')') + 2).split(' ')[19];
  if (!booted || !ticks) return undefined;
  return new Date((Number(booted) + Math.floor(Number(ticks) / 100)) * 1000).toISOString();
}
