import { readFileSync } from 'node:fs';
import type { Connection } from '../../schema/connection.ts';
import { FleetError } from '../base/errors.ts';
import { wrongMachine } from './guard.ts';
import { runOnMachine } from './ssh/run.ts';

const script = readFileSync(new URL('./kept-systems.sh', import.meta.url), 'utf8');

/** Longest time that a machine is waited for, in seconds. */
const limitSeconds = 20;

/**
 * Asks a machine for the systems that it has live, booted, as a generation, or recorded.
 * @throws FleetError unreachable, host-key, access-denied, wrong-machine, command-failed, cancelled
 */
export async function readKeptSystems(
  connection: Connection,
  host: string,
  { machineId, signal }: { machineId?: string | undefined; signal?: AbortSignal } = {},
): Promise<string[]> {
  const { stdout, stderr } = await runOnMachine(connection, host, script, {
    timeoutSeconds: limitSeconds,
    ...(signal ? { signal } : {}),
  });
  const all = (key: string) =>
    [...stdout.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map((match) => match[1] ?? '');
  const [found = ''] = all('machine-id');
  if (machineId && found && found !== machineId) throw wrongMachine(host, machineId, found);
  if (all('end').length === 0) {
    throw new FleetError({
      code: 'command-failed',
      what: 'the machine did not say which systems it keeps',
      host,
      why: stderr.trim() || 'the connection ended',
    });
  }
  return [...new Set(all('system'))].filter((path) => path.startsWith('/nix/store/')).sort();
}
