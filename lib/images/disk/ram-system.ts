import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../../base/errors.ts';
import { hashFile } from '../../base/hash.ts';
import { scriptFile } from '../../machine/script/text.ts';
import type { Machine } from '../../machine/ssh/machine.ts';
import { machineAt } from '../../machine/ssh/machine-at.ts';
import { runScript } from '../../machine/ssh/run-script.ts';
import { type BootRequest, bootIdOf, waitForNewBoot } from './boot-disk.ts';
import type { DiskReading } from './parse-disk.ts';
import { disksScript } from './read-disk.ts';

const script = disksScript + scriptFile('./ram-system.sh', import.meta.url);

export interface RamSystemRequest extends BootRequest {
  /** Folder with the files `kernel`, `initrd` and `kernel-params`. */
  folder: string;
  /** The machine before the reboot. */
  reading: Pick<DiskReading, 'bootId' | 'memoryKiB'>;
}

const remotePrefix = '/var/tmp/nixos-fleet-ram-';

/** Memory that the RAM system needs beside its files, KiB. */
const spareKiB = 256 * 1024;

/**
 * Boots a machine into the RAM system by kexec. It has the same ssh host keys. Returns the connection to it.
 * @throws FleetError reboot-failed, disk-refused, and those of ssh
 */
export async function enterRamSystem(machine: Machine, request: RamSystemRequest): Promise<Machine> {
  const { name: host } = machine;
  const { folder, reading, signal, status } = request;
  await refuseLittleMemory(host, request);
  const remoteFolder = `${remotePrefix}${randomBytes(8).toString('hex')}`;
  await makeFolder(machine, remoteFolder, signal);
  for (const file of ['kernel', 'initrd']) {
    status(`sending the ${file} of the RAM system`);
    const words = ['sh', '-c', 'cat >"$1"', 'sh', `${remoteFolder}/${file}`];
    const stream = createReadStream(join(folder, file), { highWaterMark: 1 << 20 });
    const options = { signal, timeoutSeconds: 3600, fresh: true };
    const { exitCode, stderr } = await machine.stream(words, stream, options);
    if (exitCode !== 0)
      throw notStarted(host, `the ${file} could not be written to ${remoteFolder}: ${stderr.trim()}`);
  }
  const variables = {
    folder: remoteFolder,
    kernel_sha256: await hashFile(join(folder, 'kernel'), signal),
    initrd_sha256: await hashFile(join(folder, 'initrd'), signal),
    params: (await readFile(join(folder, 'kernel-params'), 'utf8')).trim(),
    user: machine.connection.user,
  };
  status('starting the RAM system');
  const reply = await runScript(machine, script, { variables, signal, timeoutSeconds: 300 });
  if (!reply.isWhole) throw notStarted(host, reply.why());
  await machine.close();
  const { becomePassword: _, become: __, ...rest } = machine.connection;
  const ramSystem = machineAt(host, { ...rest, user: 'root' });
  const last = await waitForNewBoot((limit) => bootIdOf(ramSystem, limit, signal), reading.bootId, request);
  if (last !== undefined)
    throw notStarted(host, `it did not answer within ${request.timeoutSeconds} s: ${last}`);
  return ramSystem;
}

/** Needs twice the size of the files: the initrd is in memory packed and unpacked. */
async function refuseLittleMemory(host: string, { folder, reading }: RamSystemRequest): Promise<void> {
  const files = await Promise.all(['kernel', 'initrd'].map((file) => stat(join(folder, file))));
  const neededKiB = Math.ceil((files.reduce((sum, { size }) => sum + size, 0) * 2) / 1024) + spareKiB;
  if (reading.memoryKiB >= neededKiB) return;
  throw new FleetError({
    code: 'disk-refused',
    what: 'the RAM system was not started and nothing was written',
    host,
    why: `guard memory: ${Math.round(reading.memoryKiB / 1024)} MiB are free, ${Math.ceil(neededKiB / 1024)} MiB are needed`,
    fix: 'Stop programs on the machine to free memory, or boot it from other media.',
  });
}

/** Creates a private folder. Removes those of interrupted runs, which may hold ssh host keys. */
async function makeFolder(machine: Machine, folder: string, signal: AbortSignal): Promise<void> {
  const words = ['sh', '-c', 'rm -rf "$1"*; mkdir -p -m 0700 "$2"', 'sh', remotePrefix, folder];
  const { exitCode, stderr } = await machine.run(words, { signal });
  if (exitCode !== 0) throw notStarted(machine.name, stderr.trim());
}

function notStarted(host: string, why: string): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: 'the RAM system did not start; the disk was not written',
    host,
    why,
    fix: 'Check the console. A reset boots the system on the disk again.',
  });
}
