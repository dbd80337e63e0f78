import { readFileSync } from 'node:fs';
import type { Connection } from '../../schema/connection.ts';
import { FleetError } from '../base/errors.ts';
import { type MachineReading, parseReading } from './parse-reading.ts';
import { shellVariables } from './ssh/quote.ts';
import { type RunOnMachineOptions, runOnMachine } from './ssh/run.ts';

const script = readFileSync(new URL('./read-machine.sh', import.meta.url), 'utf8');

export interface ReadMachineOptions extends Pick<RunOnMachineOptions, 'signal' | 'timeoutSeconds' | 'fresh'> {
  /** Name of the system profile. Default: system. */
  profile?: string;
}

/** Where a system profile is: `system` has a place of its own. */
export function profilePath(name = 'system'): string {
  return `/nix/var/nix/profiles/${name === 'system' ? name : `system-profiles/${name}`}`;
}

/**
 * Reads what a machine is and runs, in one ssh round trip.
 * @throws FleetError unreachable, host-key, access-denied, cancelled, command-failed
 */
export async function readMachine(
  connection: Connection,
  host: string,
  { profile, ...options }: ReadMachineOptions = {},
): Promise<MachineReading> {
  const variables = shellVariables({ profile: profilePath(profile) });
  const result = await runOnMachine(connection, host, variables + script, options);
  const reading = parseReading(result.stdout);
  if (reading?.machineId) return reading;
  throw new FleetError({
    code: 'command-failed',
    what: 'the machine could not be read',
    host,
    why: reading ? 'it has no /etc/machine-id' : result.stderr.trim() || result.stdout.trim().slice(-500),
    fix: reading ? 'Run systemd-machine-id-setup on it.' : undefined,
  });
}
