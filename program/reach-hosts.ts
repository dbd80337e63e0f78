import { labConnection } from '../lib/local/lab/connection.ts';
import { vmConnection } from '../lib/local/vm/connection.ts';
import { connectionOf, type HostSettings, virtualMachineOf } from './config/hosts.ts';

/** How the machines that are there already are reached; those that have yet to be made have no connection. */
export async function reachHosts(
  stack: string,
  hosts: Readonly<Record<string, HostSettings>>,
): Promise<Record<string, unknown>> {
  const connections = Object.entries(hosts).map(async ([name, host]) => {
    const machine = virtualMachineOf(name, host);
    if (host.lab) return [name, await labConnection(stack, name)];
    if (machine) return [name, await vmConnection(stack, machine)];
    return [name, connectionOf(host)];
  });
  return Object.fromEntries(await Promise.all(connections));
}
