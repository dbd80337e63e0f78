import { isFailure } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import { wrongMachine } from '../guard.ts';
import type { MachineReading } from '../parse-reading.ts';
import { readMachine } from '../read-machine.ts';
import type { Machine } from '../ssh/machine.ts';

export interface WaitRequest {
  profile: string;
  /** Boot id and machine-id that the machine has before. */
  before: Pick<MachineReading, 'bootId' | 'machineId'>;
  timeoutSeconds: number;
  signal?: AbortSignal;
  status: (line: string) => void;
}

/** Seconds between two attempts to reach a machine that boots. */
const intervalSeconds = 0.5;

/**
 * Waits until a machine answers with another boot id, and returns what it says then; what was seen last, as a text, where
 * it does not within its time.
 * @throws FleetError wrong-machine, cancelled
 */
export async function waitForNextBoot(
  machine: Machine,
  request: WaitRequest,
): Promise<MachineReading | string> {
  const { profile, before, timeoutSeconds: limitSeconds, signal, status } = request;
  await machine.close();
  const look = async (left: number): Promise<MachineReading | undefined> => {
    const timeoutSeconds = Math.ceil(
      Math.max(1, Math.min(left, machine.connection.connectTimeoutSeconds + 10)),
    );
    const now = await readMachine(machine, { profile, fresh: true, signal, timeoutSeconds });
    if (now.bootId === before.bootId) return undefined;
    if (now.machineId !== before.machineId) throw wrongMachine(machine.name, before.machineId, now.machineId);
    status(`back after the reboot, on ${now.booted || 'an unknown system'}`);
    return now;
  };
  return await untilBack(look, { limitSeconds, signal, status });
}

/**
 * Looks for a machine that goes down and boots, until `look` finds it; a failure to reach it is reported once. Returns
 * what was seen last, as a text, where it is not found in time.
 * @throws FleetError wrong-machine, cancelled
 */
export async function untilBack<T extends object | true>(
  look: (leftSeconds: number) => Promise<T | false | undefined>,
  {
    limitSeconds,
    signal,
    status,
  }: { limitSeconds: number; signal?: AbortSignal; status: (line: string) => void },
): Promise<T | string> {
  let seen = 'it never went down';
  const found = await until(
    async (left) => {
      try {
        return await look(left);
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
