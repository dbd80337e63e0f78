import { FleetError, hasCode } from '../../base/errors.ts';
import { untilBack } from '../../machine/reboot/wait.ts';
import { scriptFile } from '../../machine/script/text.ts';
import type { Machine } from '../../machine/ssh/machine.ts';
import { runScript } from '../../machine/ssh/run-script.ts';
import { disksScript } from './read-disk.ts';

const keepScript = disksScript + scriptFile('./keep-host-keys.sh', import.meta.url);
const rebootScript = scriptFile('./reboot.sh', import.meta.url);

export interface BootRequest {
  timeoutSeconds: number;
  signal: AbortSignal;
  status: (line: string) => void;
}

/**
 * Copies the running system's ssh host keys onto a disk that was just written. Returns their file names.
 * @throws FleetError disk-failed
 */
export async function keepHostKeys(
  machine: Machine,
  device: string,
  { signal, status }: BootRequest,
): Promise<string[]> {
  status('copying the host keys onto the disk');
  const variables = { name: device.replace(/^\/dev\//, '').replaceAll('/', '!') };
  const reply = await runScript(machine, keepScript, { variables, signal });
  if (reply.isWhole) return reply.list('kept');
  throw reply.error({
    code: 'disk-failed',
    what: `the machine’s ssh host keys were not copied to ${device}`,
    fix: 'The image is written and verified. Copy the keys by hand, or let the machine generate new ones: keepHostKeys: false.',
  });
}

/**
 * Reboots a machine and waits until it answers with another boot ID.
 * @param after how to reach it after the reboot
 * @throws FleetError reboot-failed
 */
export async function rebootInto(
  machine: Machine,
  after: Machine,
  bootId: string,
  request: BootRequest,
): Promise<void> {
  const { signal, status, timeoutSeconds } = request;
  status('rebooting the machine');
  // A machine that goes down at once ends the connection before its reply; one that does not reboot is found out by its boot ID.
  await runScript(machine, rebootScript, { signal }).catch((error: unknown) => {
    if (!hasCode(error, 'unreachable')) throw error;
  });
  await machine.close();
  const readBootId = (limit: number) => bootIdOf(after, limit, signal);
  const last = await waitForNewBoot(readBootId, bootId, request);
  if (last === undefined) return;
  throw new FleetError({
    code: 'reboot-failed',
    what: `the disk is installed, but the machine did not answer within ${timeoutSeconds} s after its reboot`,
    host: machine.name,
    why: last,
    fix: 'Check its console: does the firmware boot the disk? Check its address and host key in hosts too.',
  });
}

/**
 * Waits until a machine has another boot ID. Returns undefined, or on timeout why the last attempt failed.
 * @param read reads the boot ID within a number of seconds
 */
export async function waitForNewBoot(
  read: (limitSeconds: number) => Promise<string>,
  bootId: string,
  request: BootRequest,
): Promise<string | undefined> {
  const { timeoutSeconds: limitSeconds, signal, status } = request;
  const back = await untilBack(
    async (left) => (await read(Math.ceil(Math.max(10, Math.min(left, 60))))) !== bootId,
    { limitSeconds, signal, status },
  );
  return typeof back === 'string' ? back : undefined;
}

/** The boot ID of the machine that answers. */
export async function bootIdOf(
  machine: Machine,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<string> {
  const words = ['cat', '/proc/sys/kernel/random/boot_id'];
  const { stdout, exitCode } = await machine.run(words, {
    fresh: true,
    signal,
    timeoutSeconds,
  });
  if (exitCode === 0 && stdout.trim()) return stdout.trim();
  throw new FleetError({
    code: 'unreachable',
    what: 'the machine’s boot ID could not be read',
    host: machine.name,
  });
}
