import { rm } from 'node:fs/promises';
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
import { ensureLabBase } from './base.ts';
import { cgroupOf, cgroupProcesses, removeCgroup } from './cgroup.ts';
import { type NspawnMachine, nspawnArguments } from './nspawn.ts';
import { machinePaths, machineTitle } from './paths.ts';

/** The process of a running machine. A pid counts only if its command line names this machine's root. */
export async function machineProcess(lab: string, name: string): Promise<BackgroundProcess | undefined> {
  const paths = machinePaths(lab, name);
  const pid = (await systemdPid(lab, name)) ?? Number(await readIfThere(paths.pid));
  return pid ? await processWith(pid, `--directory=${paths.root}`) : undefined;
}

/** Starts a machine so that it outlives this process, the shell and the login; returns once its process runs. */
export async function startProcess(
  lab: string,
  name: string,
  machine: NspawnMachine,
): Promise<BackgroundProcess> {
  const { tools } = await ensureLabBase();
  const paths = machinePaths(lab, name);
  await rm(paths.pid, { force: true });
  // Version 2 of cgroups, as NixOS machines have, also where this computer has version 1: systemd 258 has no other.
  const command = [
    'env',
    'SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1',
    tools['systemd-nspawn'],
    ...nspawnArguments(machine),
  ];
  if (await systemdRuns()) {
    await run('systemd-run', [...systemdRunArguments(machine.title, paths.console), ...command], {
      timeoutSeconds: 60,
    });
  } else {
    const keeper = join(import.meta.dirname, 'run-machine.sh');
    const args = ['--fork', keeper, paths.pid, paths.console, cgroupOf(machine.title), ...command];
    await run('setsid', args, { timeoutSeconds: 60, cwd: '/', lasting: true });
  }
  const found = await untilStarted(
    {
      announced: async () => (await readIfThere(paths.pid)) !== undefined,
      running: () => machineProcess(lab, name),
    },
    10,
  );
  if (found && found !== 'ended') return found;
  throw new FleetError({
    code: 'lab-failed',
    host: name,
    what: 'the lab machine exited immediately',
    why: await lastLines(paths.console),
    fix: `Its console is in ${paths.console}`,
  });
}

/**
 * Shuts a machine down cleanly, or by force after `seconds` (default 20). Afterwards none of its processes is left. Does
 * nothing if it is off.
 */
export async function stopProcess(lab: string, name: string, seconds = 20): Promise<void> {
  const title = machineTitle(lab, name);
  const running = await machineProcess(lab, name);
  if (running && !(await systemdPid(lab, name))) process.kill(running.pid, 'SIGTERM');
  if (running && (await systemdPid(lab, name))) {
    await runToEnd('systemctl', ['stop', '--no-block', unitName(title)], { timeoutSeconds: 60 });
  }
  await until(async () => !(await machineProcess(lab, name)), { limitSeconds: running ? seconds : 0 });
  // Any remaining processes, also of a machine whose keeper was killed, are in the machine's cgroup.
  const killLeft = async () => {
    const left = await cgroupProcesses(cgroupOf(title));
    for (const pid of left) signalProcess(pid, 'SIGKILL');
    return left.length === 0 && !(await machineProcess(lab, name));
  };
  const gone = await until(killLeft, { limitSeconds: 20 });
  if (!gone) {
    throw new FleetError({
      code: 'lab-failed',
      host: name,
      what: 'the lab machine’s processes could not be killed',
    });
  }
  await removeCgroup(cgroupOf(title));
  await rm(machinePaths(lab, name).pid, { force: true });
  if (await systemdRuns())
    await runToEnd('systemctl', ['reset-failed', unitName(title)], { timeoutSeconds: 60 });
}

function unitName(title: string): string {
  return `nixos-fleet-lab-${title}.service`;
}

/** As in systemd-nspawn@.service: exit code 133 is a reboot of the machine. */
function systemdRunArguments(title: string, console: string): string[] {
  const properties = [
    'Delegate=yes',
    'KillMode=mixed',
    'RestartForceExitStatus=133',
    'SuccessExitStatus=133',
    'TasksMax=16384',
    'TimeoutStopSec=20',
    `StandardOutput=append:${console}`,
    `StandardError=append:${console}`,
  ];
  return [
    '--quiet',
    '--collect',
    `--unit=${unitName(title)}`,
    ...properties.map((value) => `--property=${value}`),
  ];
}

async function systemdPid(lab: string, name: string): Promise<number | undefined> {
  if (!(await systemdRuns())) return undefined;
  const unit = unitName(machineTitle(lab, name));
  const shown = await runToEnd('systemctl', ['show', '--property=MainPID', '--value', unit], {
    timeoutSeconds: 60,
  });
  return Number(shown.stdout) || undefined;
}
