import { FleetError } from '../lib/base/errors.ts';
import { describeDisk } from '../lib/images/disk/parse-disk.ts';
import { readDisk } from '../lib/images/disk/read-disk.ts';
import { vmConnection } from '../lib/local/vm/connection.ts';
import { machineAt } from '../lib/machine/ssh/machine-at.ts';
import { connection as connectionSchema } from '../schema/connection.ts';
import type { DiskFound } from '../schema/disk-install.ts';
import type { DiskInstallSettings } from './config/disk-installs.ts';

/** Longest time that Pulumi waits for machines, in seconds. */
const limitSeconds = 60;

/** A disk as it is on its machine, and a line that tells of it, or of why it could not be looked at. */
export interface SeenDisk {
  found?: DiskFound;
  note: string;
}

/** Looks at disks of machines, all at once and in one ssh round trip each. Changes nothing, and never fails. */
export async function seeDisks(
  stack: string,
  disks: Readonly<Record<string, DiskInstallSettings>>,
): Promise<Record<string, SeenDisk>> {
  const answers = Object.entries(disks).map(
    async ([name, settings]) => [name, await seeDisk(stack, name, settings)] as const,
  );
  return Object.fromEntries(await Promise.all(answers));
}

async function seeDisk(
  stack: string,
  name: string,
  { disk, serial, virtualMachine, connection }: DiskInstallSettings,
): Promise<SeenDisk> {
  const { address: _, ...own } = connection;
  const given =
    virtualMachine === undefined ? connection : { ...(await vmConnection(stack, virtualMachine)), ...own };
  const { data } = connectionSchema.safeParse(given);
  if (!data) return { note: `${disk} is looked at when its machine is there` };
  try {
    const { found } = await readDisk(
      machineAt(name, data),
      { disk, serial },
      { timeoutSeconds: limitSeconds },
    );
    return { found, note: describeDisk(found) };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return { note: `${disk} could not be looked at: ${error.why ?? error.message} [${error.code}]` };
  }
}
