import { FleetError } from '../../base/errors.ts';
import { untilBack } from '../../machine/reboot/wait.ts';
import { scriptFile } from '../../machine/script/text.ts';
import type { Machine } from '../../machine/ssh/machine.ts';
import { runScript } from '../../machine/ssh/run-script.ts';
import { disksScript } from './read-disk.ts';

const keepScript = disksScript + scriptFile('./keep-host-keys.sh', import.meta.url);
const leaveScript = scriptFile('./leave.sh', import.meta.url);

export interface BootRequest {
  timeoutSeconds: number;
  signal: AbortSignal;
  status: (line: string) => void;
}

/**
 * Puts the ssh host keys of the running system into the one on a disk that was just written. Returns their names.
 * @throws FleetError disk-failed
 */
export async function keepHostKeys(
  machine: Machine,
  device: string,
  { signal, status }: BootRequest,
): Promise<string[]> {
  status('putting the host keys onto the disk');
  const variables = { name: device.replace(/^\/dev\//, '').replaceAll('/', '!') };
  const reply = await runScript(machine, keepScript, { variables, signal });
  if (reply.isWhole) return reply.list('kept');
  throw reply.error({
    code: 'disk-failed',
    what: `the machine’s ssh host keys were not put onto ${device}`,
    fix: 'The image is on the disk, and verified. Put them there by hand, or let the machine make new ones: keepHostKeys: false.',
  });
}

/**
 * Restarts a machine and waits until it answers from another boot.
 * @param after how it is entered then
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
  await runScript(machine, leaveScript, { signal });
  await machine.close();
  const now = (limit: number) => bootOf(after, limit, signal);
  const seen = await untilOther(now, bootId, request);
  if (seen === undefined) return;
  throw new FleetError({
    code: 'reboot-failed',
    what: `the image is on the disk, and verified; but the machine did not answer within ${timeoutSeconds} s after its reboot`,
    host: machine.name,
    why: seen,
    fix: 'Look at its console: does its firmware start the disk? It is reached as hosts says, with the host key given there or known.',
  });
}

/**
 * Asks for a machine's boot id until it is another one. Returns what was seen last where that does not come in time.
 * @param ask gets the seconds it may take
 */
export async function untilOther(
  ask: (limitSeconds: number) => Promise<string>,
  bootId: string,
  request: BootRequest,
): Promise<string | undefined> {
  const { timeoutSeconds: limitSeconds, signal, status } = request;
  const back = await untilBack(
    async (left) => (await ask(Math.ceil(Math.max(10, Math.min(left, 60))))) !== bootId,
    { limitSeconds, signal, status },
  );
  return typeof back === 'string' ? back : undefined;
}

/** Boot id of whatever answers. */
export async function bootOf(machine: Machine, timeoutSeconds: number, signal: AbortSignal): Promise<string> {
  const words = ['cat', '/proc/sys/kernel/random/boot_id'];
  const { stdout, exitCode } = await machine.run(words, {
    fresh: true,
    signal,
    timeoutSeconds,
  });
  if (exitCode === 0 && stdout.trim()) return stdout.trim();
  throw new FleetError({
    code: 'unreachable',
    what: 'the machine does not tell its boot id',
    host: machine.name,
  });
}
