import { omit } from '../lib/base/pick.ts';
import { labConnection } from '../lib/local/lab/connection.ts';
import { vmConnection } from '../lib/local/vm/connection.ts';
import type { Machine } from '../lib/machine/ssh/machine.ts';
import { machineAt } from '../lib/machine/ssh/machine-at.ts';
import { connection } from '../schema/connection.ts';
import { connectionOf, type HostSettings, virtualMachineOf } from './config/hosts.ts';

/** The machines of the hosts; one that does not exist yet is left out. */
export async function reachHosts(
  stack: string,
  hosts: Readonly<Record<string, HostSettings>>,
): Promise<Record<string, Machine>> {
  const machines = Object.entries(hosts).map(async ([name, host]) => {
    // An invalid connection is reported by the host's resources.
    const { data } = connection.safeParse(await settingsOf(stack, name, host));
    return data ? [[name, machineAt(name, data)] as const] : [];
  });
  return Object.fromEntries((await Promise.all(machines)).flat());
}

async function settingsOf(stack: string, name: string, host: HostSettings) {
  if (host.lab) return await labConnection(stack, name);
  const virtualMachine = virtualMachineOf(name, host);
  if (!virtualMachine) return connectionOf(host);
  const ofMachine = await vmConnection(stack, virtualMachine);
  return ofMachine && { ...ofMachine, ...omit(connectionOf(host), ['address']) };
}
