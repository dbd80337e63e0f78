import { isFailure } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import { judgeReboot } from '../follow/situations.ts';
import { wrongMachine } from '../guard.ts';
import type { MachineReading } from '../parse-reading.ts';
import { readMachine } from '../read-machine.ts';
import type { Machine } from '../ssh/machine.ts';

export interface WaitRequest {
  profile: string;
  /** Boot ID and machine-id before the reboot. */
  before: Pick<MachineReading, 'bootId' | 'machineId'>;
  timeoutSeconds: number;
  signal?: AbortSignal;
  status: (line: string) => void;
  /** Requests the reboot again, and returns whether the machine has answered; undefined if it already has. */
  requestAgain?: (() => Promise<boolean>) | undefined;
}

/** Seconds between two attempts to reach a booting machine. */
const intervalSeconds = 0.5;

/**
 * Waits until a machine answers with another boot ID, and returns its reading. Returns the last observation as a text if the
 * timeout is over first.
 * @throws FleetError wrong-machine, cancelled
 */
export async function waitForNextBoot(
  machine: Machine,
  request: WaitRequest,
): Promise<MachineReading | string> {
  const { profile, before, timeoutSeconds: limitSeconds, signal, status, requestAgain } = request;
  let requested = requestAgain === undefined;
  await machine.close();
  const poll = async (left: number): Promise<MachineReading | undefined> => {
    const timeoutSeconds = Math.ceil(
      Math.max(1, Math.min(left, machine.connection.connectTimeoutSeconds + 10)),
    );
    const now = await readMachine(machine, { profile, fresh: true, signal, timeoutSeconds });
    const situation = judgeReboot(now, before, requested);
    if (situation === 'same-boot-unrequested') requested = (await requestAgain?.()) ?? true;
    if (situation !== 'next-boot') return undefined;
    if (now.machineId !== before.machineId) throw wrongMachine(machine.name, before.machineId, now.machineId);
    status(`back after the reboot, on ${now.booted || 'an unknown system'}`);
    return now;
  };
  return await untilBack(poll, { limitSeconds, signal, status });
}

/**
 * Polls a rebooting machine until `poll` returns a value; each new reason of a failure is reported once. Returns the last
 * observation as a text if the limit is over first.
 * @throws FleetError wrong-machine, cancelled
 */
export async function untilBack<T extends object | true>(
  poll: (leftSeconds: number) => Promise<T | false | undefined>,
  {
    limitSeconds,
    signal,
    status,
  }: { limitSeconds: number; signal?: AbortSignal; status: (line: string) => void },
): Promise<T | string> {
  let seen = 'the machine did not shut down';
  const found = await until(
    async (left) => {
      try {
        return await poll(left);
      } catch (error) {
        if (!isFailure(error) || error.code === 'wrong-machine') throw error;
        const why = error.why ?? error.message;
        if (seen !== why) status(`waiting for the machine: ${why}`);
        seen = why;
        return undefined;
      }
    },
    { limitSeconds, intervalSeconds, signal },
  );
  return found ?? seen;
}
