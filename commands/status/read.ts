import pMap from 'p-map';
import { isFailure } from '../../lib/base/errors.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { parseHistory } from '../../lib/machine/record/history.ts';
import { machineOf } from '../../lib/machine/ssh/machine-at.ts';
import type { RecordedMachine } from '../stack-machines.ts';
import type { MachineStatus } from './status-report.ts';

/** Most machines that are read at a time. */
const atOnce = 32;

/** Reads machines in parallel. Their connections stay open for the next reading. */
export function readStatuses(
  machines: readonly RecordedMachine[],
  signal: AbortSignal,
): Promise<MachineStatus[]> {
  return pMap(machines, (machine) => statusOf(machine, signal), { concurrency: atOnce });
}

export async function closeConnections(machines: readonly RecordedMachine[]): Promise<void> {
  await pMap(machines, (machine) => machineOf(machine).close(), { concurrency: atOnce });
}

async function statusOf(machine: RecordedMachine, signal: AbortSignal): Promise<MachineStatus> {
  try {
    const reading = await readMachine(machineOf(machine), { signal });
    return { machine, reading, history: parseHistory(reading.history) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { machine, error };
  }
}
