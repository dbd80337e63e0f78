import { readFileSync } from 'node:fs';
import type { Connection } from '../../schema/connection.ts';
import { FleetError } from '../errors.ts';
import { type RunOnMachineOptions, runOnMachine } from '../ssh/run.ts';
import { type MachineReading, parseReading } from './parse-reading.ts';

const script = readFileSync(new URL('./read-machine.sh', import.meta.url), 'utf8');

/**
 * Reads what a machine is and runs, in one ssh round trip.
 * @throws FleetError unreachable, host-key, access-denied, cancelled, command-failed
 */
export async function readMachine(
  connection: Connection,
  host: string,
  options: Pick<RunOnMachineOptions, 'signal' | 'timeoutSeconds' | 'fresh'> = {},
): Promise<MachineReading> {
  const result = await runOnMachine(connection, host, script, options);
  const reading = parseReading(result.stdout);
  if (reading?.machineId) return reading;
  throw new FleetError({
    code: 'command-failed',
    what: 'the machine could not be read',
    host,
    why: reading ? 'it has no /etc/machine-id' : result.stderr.trim() || result.stdout.trim().slice(-500),
    mend: reading ? 'Run systemd-machine-id-setup on it.' : undefined,
  });
}
