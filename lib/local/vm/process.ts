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
import { askQemu } from './qmp.ts';

/** How a QEMU is started: it has `-pidfile` of this machine, and sockets in its working folder. */
export interface QemuCommand {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/** The machine's QEMU, if it runs. Its pid is believed only if its command line names this machine's own pid file. */
export async function findQemu(stack: string, name: string): Promise<BackgroundProcess | undefined> {
  const { pid: file } = vmPaths(stack, name);
  const pid = Number(await readIfThere(file));
  return pid ? await processWith(pid, file) : undefined;
}

/** What QEMU says of its machine, such as `running` or `paused`; undefined where it says nothing. */
export async function askStatus(stack: string, name: string): Promise<string | undefined> {
  const answer = await askQemu(stack, name, { execute: 'query-status' });
  return (answer as { status?: string } | undefined)?.status;
}

/**
 * Starts QEMU so that it outlives this process, the shell and, for root under systemd, the login; returns once its monitor
 * answers. A second one of the same machine cannot start: QEMU locks its pid file and its disks.
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
    await run('setsid', ['--fork', ...kept], { ...options, env });
  }
  const found = await untilStarted(
    {
      announced: async () => (await exitOf(stack, name)) !== undefined,
      running: async () => {
        const qemu = await findQemu(stack, name);
        return qemu && (await askStatus(stack, name)) ? qemu : undefined;
      },
    },
    // A system's script makes its disks first.
    300,
  );
  if (found && found !== 'ended') return found;
  throw new FleetError({
    code: 'vm-failed',
    host: name,
    what: found ? 'QEMU ended at once' : 'QEMU’s monitor does not answer',
    why: await lastLines(paths.log),
    fix: `What QEMU said is in ${paths.log}`,
  });
}

/**
 * Shuts a machine down: cleanly, and after `seconds` by force. Afterwards its QEMU is gone. A machine that stands still, as one
 * that waits for GDB, is switched off at once.
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
    // The keeper, which leaves the exit code in the machine's folder, ends right after; it may have been killed.
    await until(() => exitOf(stack, name), { limitSeconds: 5 });
    return true;
  };
  if ((await askStatus(stack, name)) === 'running') {
    await askQemu(stack, name, { execute: 'system_powerdown' });
    if (await ended(seconds, signal)) return;
    onForce?.();
  }
  await askQemu(stack, name, { execute: 'quit' });
  if (await ended(5)) return;
  signalProcess(running.pid, 'SIGKILL');
  if (await ended(10)) return;
  throw new FleetError({
    code: 'vm-failed',
    host: name,
    what: `QEMU (process ${running.pid}) cannot be ended`,
  });
}

/** Exit code of the QEMU that ran last, where it ended under its keeper's eyes. */
export async function exitOf(stack: string, name: string): Promise<number | undefined> {
  const text = await readIfThere(vmPaths(stack, name).exit);
  return text === undefined ? undefined : Number(text);
}

/** Lets systemd forget the unit of a machine whose QEMU failed. */
export async function forgetUnit(stack: string, name: string): Promise<void> {
  if (process.getuid?.() !== 0 || !(await systemdRuns())) return;
  await runToEnd('systemctl', ['reset-failed', unitName(stack, name)], { timeoutSeconds: 60 });
}

function unitName(stack: string, name: string): string {
  return `nixos-fleet-vm-${stack}.${name}.service`;
}
