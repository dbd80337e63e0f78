import { FleetError } from '../lib/base/errors.ts';
import { describeDisk } from '../lib/images/disk/parse-disk.ts';
import { readDisk } from '../lib/images/disk/read-disk.ts';
import { vmConnection } from '../lib/local/vm/connection.ts';
import { machineAt } from '../lib/machine/ssh/machine-at.ts';
import { connection as connectionSchema } from '../schema/connection.ts';
import type { DiskFound } from '../schema/disk-install.ts';
import type { DiskInstallSettings } from './config/disk-installs.ts';

/** Longest time to wait for a machine, in seconds. */
const limitSeconds = 60;

/** A disk as found on its machine, and a line for the preview: its description, or why it could not be read. */
export interface DiskReading {
  found?: DiskFound;
  note: string;
}

/** Reads the disks of machines, all at once and in one ssh round trip each. Changes nothing; a failure becomes a note. */
export async function readDisks(
  stack: string,
  disks: Readonly<Record<string, DiskInstallSettings>>,
): Promise<Record<string, DiskReading>> {
  const readings = Object.entries(disks).map(
    async ([name, settings]) => [name, await tryReadDisk(stack, name, settings)] as const,
  );
  return Object.fromEntries(await Promise.all(readings));
}

async function tryReadDisk(
  stack: string,
  name: string,
  { disk, serial, virtualMachine, connection }: DiskInstallSettings,
): Promise<DiskReading> {
  const { address: _, ...own } = connection;
  const given =
    virtualMachine === undefined ? connection : { ...(await vmConnection(stack, virtualMachine)), ...own };
  const { data } = connectionSchema.safeParse(given);
  if (!data) return { note: `${disk} is read once its machine exists` };
  try {
    const { found } = await readDisk(
      machineAt(name, data),
      { disk, serial },
      { timeoutSeconds: limitSeconds },
    );
    return { found, note: describeDisk(found) };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return { note: `${disk} could not be read: ${error.why ?? error.message} [${error.code}]` };
  }
}
