import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BackgroundProcess,
  lastLines,
  processWith,
  signalProcess,
  systemdRuns,
  untilStarted,
} from '../../base/background.ts';
import { FleetError } from '../../base/errors.ts';
import { readIfThere } from '../../base/files.ts';
import { run, runToEnd } from '../../base/process/run.ts';
import { until } from '../../base/until.ts';
import { vmPaths } from './paths.ts';
import { runQmp } from './qmp.ts';

/** Command line of a QEMU with `-pidfile` of its machine, and sockets in its working folder. */
export interface QemuCommand {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/** The machine's QEMU, if it runs. A pid counts only if its command line names this machine's pid file. */
export async function findQemu(stack: string, name: string): Promise<BackgroundProcess | undefined> {
  const { pid: file } = vmPaths(stack, name);
  const pid = Number(await readIfThere(file));
  return pid ? await processWith(pid, file) : undefined;
}

/** Run state that QEMU reports, such as `running` or `paused`; undefined if it does not answer. */
export async function readStatus(stack: string, name: string): Promise<string | undefined> {
  const answer = await runQmp(stack, name, { execute: 'query-status' });
  return (answer as { status?: string } | undefined)?.status;
}

/**
 * Starts QEMU so that it outlives this process, the shell and, for root under systemd, the login. Returns once its monitor
 * answers. A second QEMU of the same machine cannot start: the pid file and disks are locked.
 */
export async function startQemu(
  stack: string,
  name: string,
  { command, args, env }: QemuCommand,
): Promise<BackgroundProcess> {
  const paths = vmPaths(stack, name);
  await mkdir(paths.run, { recursive: true });
  await rm(paths.exit, { force: true });
  const kept = [join(import.meta.dirname, 'keep.sh'), paths.log, paths.exit, command, ...args];
  const options = { timeoutSeconds: 60, cwd: paths.run };
  if (process.getuid?.() === 0 && (await systemdRuns())) {
    const variables = Object.entries(env).map(([key, value]) => `--setenv=${key}=${value}`);
    const unit = [
      `--unit=${unitName(stack, name)}`,
      '--collect',
      '--quiet',
      `--working-directory=${paths.run}`,
    ];
    await run('systemd-run', [...unit, ...variables, ...kept], options);
  } else {
    await run('setsid', ['--fork', ...kept], { ...options, env, lasting: true });
  }
  const found = await untilStarted(
    {
      announced: async () => (await exitCodeOf(stack, name)) !== undefined,
      running: async () => {
        const qemu = await findQemu(stack, name);
        return qemu && (await readStatus(stack, name)) ? qemu : undefined;
      },
    },
    // The script of a config.system.build.vm creates its disks first.
    300,
  );
  if (found && found !== 'ended') return found;
  throw new FleetError({
    code: 'vm-failed',
    host: name,
    what: found ? 'QEMU exited immediately' : 'QEMU’s monitor does not answer',
    why: await lastLines(paths.log),
    fix: `QEMU’s log is ${paths.log}`,
  });
}

/**
 * Shuts a machine down cleanly, or by force after `seconds`. Afterwards its QEMU has exited. A machine that is paused, as when
 * it waits for GDB, is powered off immediately.
 */
export async function stopQemu(
  stack: string,
  name: string,
  seconds: number,
  { signal, onForce }: { signal?: AbortSignal; onForce?: () => void } = {},
): Promise<void> {
  const running = await findQemu(stack, name);
  if (!running) return;
  const ended = async (limitSeconds: number, cancel?: AbortSignal) => {
    const gone = await until(async () => !(await findQemu(stack, name)), { limitSeconds, signal: cancel });
    if (!gone) return false;
    // keep.sh writes the exit code right after QEMU exits, unless it was killed.
    await until(() => exitCodeOf(stack, name), { limitSeconds: 5 });
    return true;
  };
  if ((await readStatus(stack, name)) === 'running') {
    await runQmp(stack, name, { execute: 'system_powerdown' });
    if (await ended(seconds, signal)) return;
    onForce?.();
  }
  await runQmp(stack, name, { execute: 'quit' });
  if (await ended(5)) return;
  signalProcess(running.pid, 'SIGKILL');
  if (await ended(10)) return;
  throw new FleetError({
    code: 'vm-failed',
    host: name,
    what: `QEMU (process ${running.pid}) could not be killed`,
  });
}

/** Exit code of the last QEMU, if keep.sh recorded it. */
export async function exitCodeOf(stack: string, name: string): Promise<number | undefined> {
  const text = await readIfThere(vmPaths(stack, name).exit);
  return text === undefined ? undefined : Number(text);
}

/** Clears the failed state of a machine's systemd unit. */
export async function resetUnit(stack: string, name: string): Promise<void> {
  if (process.getuid?.() !== 0 || !(await systemdRuns())) return;
  await runToEnd('systemctl', ['reset-failed', unitName(stack, name)], { timeoutSeconds: 60 });
}

function unitName(stack: string, name: string): string {
  return `nixos-fleet-vm-${stack}.${name}.service`;
}
