import type { DiskInstallInputs } from '../../../schema/disk-install.ts';
import { scriptFile } from '../../machine/script/text.ts';
import type { Machine, RunOnMachineOptions } from '../../machine/ssh/machine.ts';
import { runScript } from '../../machine/ssh/run-script.ts';
import { type DiskReading, parseDisk } from './parse-disk.ts';

/** Functions that describe disks; prepended to the other scripts of this folder. */
export const disksScript = scriptFile('./disks.sh', import.meta.url);
const script = disksScript + scriptFile('./read-disk.sh', import.meta.url);

export interface ReadDiskOptions extends Pick<RunOnMachineOptions, 'signal' | 'timeoutSeconds' | 'fresh'> {
  /** Seconds to wait for an interrupted write to end. Default: 0. */
  waitSeconds?: number;
}

/**
 * Describes a disk of a machine, in one ssh round trip. Changes nothing.
 * @throws FleetError unreachable, host-key, access-denied, cancelled, command-failed
 */
export async function readDisk(
  machine: Machine,
  { disk, serial = '' }: Pick<DiskInstallInputs, 'disk' | 'serial'>,
  { waitSeconds = 0, ...options }: ReadDiskOptions = {},
): Promise<DiskReading> {
  const variables = { disk, serial, wait_seconds: waitSeconds };
  const reply = await runScript(machine, script, { timeoutSeconds: 120, ...options, variables });
  if (reply.isWhole) return parseDisk(reply, disk);
  throw reply.error({ code: 'command-failed', what: `the disk ${disk} could not be read` });
}
