import { readFileSync } from 'node:fs';
import type { Connection } from '../../../schema/connection.ts';
import type { DiskInstallInputs } from '../../../schema/disk-install.ts';
import { FleetError } from '../../base/errors.ts';
import { shellVariables } from '../../machine/ssh/quote.ts';
import { type RunOnMachineOptions, runOnMachine } from '../../machine/ssh/run.ts';
import { type DiskReading, parseDisk } from './parse-disk.ts';

/** Functions that tell of disks, for the scripts of this folder. */
export const disksScript = readFileSync(new URL('./disks.sh', import.meta.url), 'utf8');
const script = readFileSync(new URL('./read-disk.sh', import.meta.url), 'utf8');

export interface ReadDiskOptions extends Pick<RunOnMachineOptions, 'signal' | 'timeoutSeconds' | 'fresh'> {
  /** Seconds to wait for an earlier writing to end, which was broken off. Default: 0. */
  patience?: number;
}

/**
 * Looks at a disk of a machine, in one ssh round trip. Changes nothing.
 * @throws FleetError unreachable, host-key, access-denied, cancelled, command-failed
 */
export async function readDisk(
  connection: Connection,
  host: string,
  { disk, serial = '' }: Pick<DiskInstallInputs, 'disk' | 'serial'>,
  { patience = 0, ...options }: ReadDiskOptions = {},
): Promise<DiskReading> {
  const input = disksScript + shellVariables({ disk, serial, patience }) + script;
  const { stdout, stderr } = await runOnMachine(connection, host, input, { timeoutSeconds: 120, ...options });
  const reading = parseDisk(stdout, disk);
  if (reading) return reading;
  throw new FleetError({
    code: 'command-failed',
    what: `the disk ${disk} could not be looked at`,
    host,
    why: stderr.trim() || stdout.trim().slice(-500),
  });
}
