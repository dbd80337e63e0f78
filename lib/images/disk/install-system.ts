import type { DiskInstallInputs } from '../../../schema/disk-install.ts';
import { FleetError } from '../../base/errors.ts';
import { copyToMachine } from '../../machine/copy-to-machine.ts';
import type { Reply } from '../../machine/script/reply.ts';
import { scriptFile } from '../../machine/script/text.ts';
import type { Machine } from '../../machine/ssh/machine.ts';
import { runScript } from '../../machine/ssh/run-script.ts';
import { rebootInto } from './boot-disk.ts';
import { refusals, refusedBy } from './guards.ts';
import { type DiskReading, describeDisk } from './parse-disk.ts';
import { disksScript, readDisk } from './read-disk.ts';

const layOutScript = disksScript + scriptFile('./lay-out.sh', import.meta.url);
const releaseScript = scriptFile('./release.sh', import.meta.url);
const installScript = scriptFile('./install-system.sh', import.meta.url) + releaseScript;

/** A disk that a layout may write; `overwrite` as in a disk install. */
export type LayoutDisk = Pick<DiskInstallInputs, 'disk' | 'serial' | 'sizeBytes' | 'overwrite'>;

export interface SystemInstall {
  /** Store path of the system, in this computer's store. */
  system: string;
  /** Store path of a program that partitions and formats the disks and mounts them at /mnt, such as disko's. */
  layout: string;
  disks: readonly LayoutDisk[];
  /** Nix system that the host is for. */
  platform?: string;
  keepHostKeys: boolean;
  /** Whether the target fetches from the installer's caches what they have. */
  substitute: boolean;
  /** The machine after its reboot; undefined: it is not rebooted. */
  after?: Machine | undefined;
  bootTimeoutSeconds: number;
  signal: AbortSignal;
  status: (line: string) => void;
}

/** Longest time for the layout and for nixos-install, in seconds. */
const limitSeconds = 3600;

/**
 * Installs a system on a machine that runs an installer: checks the guards of its disks, runs the layout, copies the system into
 * the new store, and runs nixos-install; then reboots.
 * @throws FleetError disk-refused if nothing was written; disk-failed, reboot-failed, and those of copies and ssh
 */
export async function installSystem(machine: Machine, request: SystemInstall): Promise<void> {
  const { system, layout, after, signal, status } = request;
  status('checking the disks');
  await readChecked(machine, request);
  status('copying the layout to the installer');
  await copyToMachine(machine, { paths: [layout], signal, onProgress: status });
  // Again, as the copy may have taken long; the machine compares what it finds with this.
  const readings = await readChecked(machine, request);
  status('partitioning and formatting');
  const disks = readings.map(({ found, digest }) => `${nameOf(found.device)} ${digest}`).join('\n');
  const laid = await runScript(machine, layOutScript, { variables: { layout, disks }, ...limits(request) });
  if (laid.flag('refused')) throw notLaidOut(laid);
  if (!laid.isWhole) throw failed(laid, 'the disks were not partitioned, formatted and mounted at /mnt');
  await installInto(machine, system, request).catch(async (error: unknown) => {
    await runScript(machine, releaseScript, { timeoutSeconds: 60 }).catch(() => undefined);
    throw error;
  });
  if (!after) return;
  const timeoutSeconds = request.bootTimeoutSeconds;
  await rebootInto(machine, after, readings[0]?.bootId ?? '', { signal, status, timeoutSeconds });
}

/** The disks, each as read; refused together. */
async function readChecked(
  machine: Machine,
  { disks, platform, signal, status }: SystemInstall,
): Promise<DiskReading[]> {
  const readings: DiskReading[] = [];
  const devices = new Set<string>();
  for (const disk of disks) {
    const reading = await readDisk(machine, disk, { signal });
    const { found } = reading;
    status(describeDisk(found));
    const refused = refusals({ ...disk, platform }, found);
    if (refused.length > 0) throw refusedBy(machine.name, found.device, refused);
    if (!devices.has(found.device)) readings.push(reading);
    devices.add(found.device);
  }
  return readings;
}

async function installInto(machine: Machine, system: string, request: SystemInstall): Promise<void> {
  const { keepHostKeys, substitute, signal, status } = request;
  status('copying the system to the disk');
  await copyToMachine(machine, {
    paths: [system],
    root: '/mnt',
    substituteOnDestination: substitute,
    signal,
    onProgress: status,
  });
  status('running nixos-install');
  const variables = { system, keep_host_keys: keepHostKeys ? 'yes' : 'no' };
  const reply = await runScript(machine, installScript, { variables, ...limits(request) });
  if (!reply.isWhole) throw failed(reply, 'the system was not installed');
}

function limits({ signal }: SystemInstall) {
  return { signal, fresh: true, timeoutSeconds: limitSeconds };
}

function nameOf(device: string): string {
  return device.replace(/^\/dev\//, '').replaceAll('/', '!');
}

function notLaidOut(reply: Reply): FleetError {
  return new FleetError({
    code: 'disk-refused',
    what: 'no disk was written',
    host: reply.host,
    why: reply.why(),
    fix: 'Check the machine’s disks and the layout, then run again. The machine must run an installer of NixOS.',
  });
}

function failed(reply: Reply, what: string): FleetError {
  return reply.error({
    code: 'disk-failed',
    what,
    fix: 'The whole output is in /run/nixos-fleet/*.log on the machine. Fix it and run again; the disks are not empty any more, so with --overwrite.',
  });
}
