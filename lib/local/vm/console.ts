import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Connection } from '../../../schema/connection.ts';
import { sshForward } from '../../../schema/virtual-machine.ts';
import { lastLines } from '../../base/background.ts';
import { FleetError, hasCode } from '../../base/errors.ts';
import { sshBanner } from '../../machine/ssh/scan.ts';
import { virtualMachinesFolder, vmPaths } from './paths.ts';
import { readVmRecord } from './record.ts';

/** The last lines of a virtual machine's console, without control characters. */
export async function lastOfConsole(stack: string, name: string, count?: number): Promise<string> {
  return plain(await lastLines(vmPaths(stack, name).console, count));
}

/** A serial console's output as plain lines. */
export function plain(console: string): string {
  return stripVTControlCharacters(console)
    .replaceAll('\r', '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join('\n');
}

/**
 * An error with the end of the console, if the machine did not come back after a reboot, does not answer now and is a virtual
 * machine of this computer. Returns other errors as they are.
 */
export async function withConsole(
  error: unknown,
  { address, port }: Pick<Connection, 'address' | 'port'>,
): Promise<unknown> {
  if (!hasCode(error, 'reboot-failed')) return error;
  const machine = await machineAtPort(address, port);
  if (!machine || (await sshBanner(address, port, 5000)) !== undefined) return error;
  const { stack, name } = machine;
  const { code, what, host, why = '', fix } = error;
  const { console } = vmPaths(stack, name);
  const end = `the end of its console (${console}):\n${await lastOfConsole(stack, name)}`;
  return new FleetError({ code, what, host, why: `${why}\n${end}`.trim(), fix, cause: error });
}

/** The virtual machine of this computer whose sshd is forwarded to an address. */
async function machineAtPort(
  address: string,
  port: number | undefined,
): Promise<{ stack: string; name: string } | undefined> {
  const all = dirname(virtualMachinesFolder('stack'));
  for (const stack of await readdir(all).catch(() => [])) {
    for (const name of await readdir(virtualMachinesFolder(stack)).catch(() => [])) {
      const record = await readVmRecord(stack, name).catch(() => undefined);
      const forward = record && sshForward(record.inputs);
      if (forward && forward.address === address && forward.host === port) return { stack, name };
    }
  }
  return undefined;
}
