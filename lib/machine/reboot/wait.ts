import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../../schema/connection.ts';
import { FleetError } from '../../base/errors.ts';
import { wrongMachine } from '../guard.ts';
import type { MachineReading } from '../parse-reading.ts';
import { readMachine } from '../read-machine.ts';
import { closeConnection } from '../ssh/run.ts';

export interface WaitRequest {
  host: string;
  profile: string;
  /** Boot id and machine-id that the machine has before. */
  before: Pick<MachineReading, 'bootId' | 'machineId'>;
  timeoutSeconds: number;
  signal?: AbortSignal;
  status: (line: string) => void;
}

/** Seconds between two attempts to reach a machine that boots. */
const pauseSeconds = 0.5;

/**
 * Waits until a machine answers with another boot id, and returns what it says then; what was seen last, as a text, where
 * it does not within its time.
 * @throws FleetError wrong-machine, cancelled
 */
export async function waitForNextBoot(
  connection: Connection,
  request: WaitRequest,
): Promise<MachineReading | string> {
  const { host, profile, before, timeoutSeconds: limit, signal, status } = request;
  await closeConnection(connection);
  const end = performance.now() + limit * 1000;
  let seen = 'it never went down';
  for (;;) {
    const left = (end - performance.now()) / 1000;
    try {
      const timeoutSeconds = Math.ceil(Math.max(1, Math.min(left, connection.connectTimeoutSeconds + 10)));
      const now = await readMachine(connection, host, { profile, fresh: true, signal, timeoutSeconds });
      if (now.bootId !== before.bootId) {
        if (now.machineId !== before.machineId) throw wrongMachine(host, before.machineId, now.machineId);
        status(`back after the reboot, on ${now.booted || 'an unknown system'}`);
        return now;
      }
    } catch (error) {
      if (!(error instanceof FleetError) || ['cancelled', 'wrong-machine'].includes(error.code)) throw error;
      const why = error.why ?? error.message;
      if (seen !== why) status(`waiting for the machine: ${why}`);
      seen = why;
    }
    if (left <= 0) return seen;
    await sleep(pauseSeconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}
