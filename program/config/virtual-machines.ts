import type { OutputRequest } from '../../lib/evaluation/types.ts';
import type { StackConfig } from '../../schema/config.ts';
import type { HostSettings } from './hosts.ts';

const attribute = ['system', 'build', 'vm'];

/** Outputs to evaluate for the virtual machines that run a machine's system. */
export function virtualSystems({ virtualMachines }: StackConfig): Record<string, OutputRequest> {
  return Object.fromEntries(
    Object.entries(virtualMachines).flatMap(([name, { configuration }]) =>
      configuration === undefined ? [] : [[name, { configuration, attribute, host: name }]],
    ),
  );
}

/** Outputs to evaluate for the hosts whose systems are rehearsed, by host. */
export function rehearsedSystems(
  hosts: Readonly<Record<string, HostSettings>>,
): Record<string, OutputRequest> {
  return Object.fromEntries(
    Object.entries(hosts)
      .filter(([, { rehearse }]) => rehearse)
      .map(([name, { configuration }]) => [name, { configuration, attribute, host: name }]),
  );
}
