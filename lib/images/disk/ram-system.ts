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
import { type BootRequest, bootOf, untilOther } from './boot-disk.ts';
import type { DiskReading } from './parse-disk.ts';
import { disksScript } from './read-disk.ts';

const script = disksScript + scriptFile('./ram-system.sh', import.meta.url);

export interface RamSystemRequest extends BootRequest {
  /** Folder with the files `kernel`, `initrd` and `kernel-params`. */
  folder: string;
  /** The machine as it is. */
  reading: Pick<DiskReading, 'bootId' | 'memoryKiB'>;
}

/** Memory that a system in memory takes beside its files, KiB. */
const spareKiB = 256 * 1024;

/**
 * Lets a machine boot into a system that lives in its memory, which has the same ssh host keys, and returns the machine as it is entered then.
 * @throws FleetError reboot-failed, disk-refused, and those of ssh
 */
export async function enterRamSystem(machine: Machine, request: RamSystemRequest): Promise<Machine> {
  const { name: host } = machine;
  const { folder, reading, signal, status } = request;
  await refuseLittleMemory(host, request);
  const away = `/var/tmp/nixos-fleet-ram-${randomBytes(8).toString('hex')}`;
  await ask(machine, ['mkdir', '-p', '-m', '0700', away], signal);
  for (const file of ['kernel', 'initrd']) {
    status(`sending the ${file} of the system in memory`);
    const words = ['sh', '-c', 'cat >"$1"', 'sh', `${away}/${file}`];
    const stream = createReadStream(join(folder, file), { highWaterMark: 1 << 20 });
    const options = { signal, timeoutSeconds: 3600, fresh: true };
    const { exitCode, stderr } = await machine.stream(words, stream, options);
    if (exitCode !== 0) throw notStarted(host, `the ${file} could not be put into ${away}: ${stderr.trim()}`);
  }
  const variables = {
    folder: away,
    kernel_sha256: await hashFile(join(folder, 'kernel'), signal),
    initrd_sha256: await hashFile(join(folder, 'initrd'), signal),
    params: (await readFile(join(folder, 'kernel-params'), 'utf8')).trim(),
    user: machine.connection.user,
  };
  status('starting the system in memory');
  const reply = await runScript(machine, script, { variables, signal, timeoutSeconds: 300 });
  if (!reply.isWhole) throw notStarted(host, reply.why());
  await machine.close();
  const { becomePassword: _, become: __, ...rest } = machine.connection;
  const inMemory = machineAt(host, { ...rest, user: 'root' });
  const seen = await untilOther((limit) => bootOf(inMemory, limit, signal), reading.bootId, request);
  if (seen !== undefined)
    throw notStarted(host, `it did not answer within ${request.timeoutSeconds} s: ${seen}`);
  return inMemory;
}

/** Both systems' memory holds the initrd while the one starts the other, and then it is unpacked. */
async function refuseLittleMemory(host: string, { folder, reading }: RamSystemRequest): Promise<void> {
  const files = await Promise.all(['kernel', 'initrd'].map((file) => stat(join(folder, file))));
  const neededKiB = Math.ceil((files.reduce((sum, { size }) => sum + size, 0) * 2) / 1024) + spareKiB;
  if (reading.memoryKiB >= neededKiB) return;
  throw new FleetError({
    code: 'disk-refused',
    what: 'the machine is not started into its memory, and nothing is written',
    host,
    why: `guard memory: ${Math.round(reading.memoryKiB / 1024)} MiB are free, and ${Math.ceil(neededKiB / 1024)} MiB are needed`,
    fix: 'Stop what takes memory on the machine, or boot it from something else.',
  });
}

async function ask(machine: Machine, words: readonly string[], signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await machine.run(words, { signal });
  if (exitCode !== 0) throw notStarted(machine.name, stderr.trim());
}

function notStarted(host: string, why: string): FleetError {
  return new FleetError({
    code: 'reboot-failed',
    what: 'the machine did not start into its memory; its disk was not written',
    host,
    why,
    fix: 'Look at its console. A reset starts the system on its disk again.',
  });
}
