/**
 * Prints the live systems of all machines of the selected stack, read from the machines in parallel.
 * Usage: node commands/status/main.ts [--stack NAME]. Exit code 1 if a machine could not be read.
 */
import { FleetError } from '../../lib/base/errors.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { readHistory } from '../../lib/machine/record/history.ts';
import { machineOf } from '../../lib/machine/ssh/machine-at.ts';
import { print, runCommand } from '../command.ts';
import { exportStack } from '../exported-stack.ts';
import { machinesOf, type RecordedMachine } from '../stack-machines.ts';
import { type MachineStatus, statusReport } from './status-report.ts';

/** Deployments shown of each machine. */
const shown = 3;

async function statusOf(recorded: RecordedMachine): Promise<MachineStatus> {
  const machine = machineOf(recorded);
  try {
    const reading = await readMachine(machine);
    return { machine: recorded, reading, history: await readHistory(machine, shown) };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return {
      machine: recorded,
      unreachable: `${error.why ?? error.message} [${error.code}]`.replaceAll('\n', ' '),
    };
  } finally {
    await machine.close();
  }
}

await runCommand(
  { usage: 'usage: npm run status -- [--stack STACK]', allowPositionals: false },
  async ({ stack }) => {
    const machines = machinesOf(await exportStack(stack));
    const statuses = await Promise.all(machines.map(statusOf));
    print(statusReport(statuses));
    return statuses.some((status) => 'unreachable' in status) ? 1 : 0;
  },
);
