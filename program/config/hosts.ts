import { pick } from '../../lib/base/pick.ts';
import { type HostConfig, type StackConfig, withDefaults } from '../../schema/config.ts';
import { connectionKeys } from '../../schema/connection.ts';
import { deploymentSettings } from '../../schema/deployment.ts';

const deploymentKeys = deploymentSettings.keyof().options;

/** A host's settings, with the stack's defaults. */
export type HostSettings = Omit<HostConfig, 'address' | 'configuration'> & {
  address: string;
  configuration: string;
};

/** Settings of all hosts: a host's own, else the stack's defaults, else derived from its name. */
export function hostSettings(config: StackConfig): Record<string, HostSettings> {
  return Object.fromEntries(
    Object.entries(config.hosts).map(([name, host]) => [
      name,
      {
        ...withDefaults(host, config.defaults),
        address: host.address ?? (host.local ? 'localhost' : name),
        configuration: host.configuration ?? name,
      },
    ]),
  );
}

/** Addresses of the lab machines, by host. */
export function labAddresses(hosts: Readonly<Record<string, HostSettings>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(hosts)
      .filter(([, host]) => host.lab)
      .map(([name, host]) => [name, host.address]),
  );
}

/** Name of the stack's virtual machine that a host is, if it is one. */
export function virtualMachineOf(name: string, { virtualMachine }: Pick<HostSettings, 'virtualMachine'>) {
  return virtualMachine === true ? name : virtualMachine || undefined;
}

/** How a host is logged in to. */
export function connectionOf(host: HostSettings) {
  return { ...pick(host, connectionKeys), address: host.address };
}

/** What a host's declaration takes over as it is in the config: its deployment settings, commands and description. */
export function declaredOf(host: HostSettings) {
  return pick(host, [...deploymentKeys, 'commands', 'description', 'groupSecrets']);
}
