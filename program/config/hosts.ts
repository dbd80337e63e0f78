import { pick } from '../../lib/base/pick.ts';
import { type HostConfig, type StackConfig, withDefaults } from '../../schema/config.ts';
import { connectionKeys } from '../../schema/connection.ts';
import { deploymentSettings } from '../../schema/deployment.ts';

const deploymentKeys = deploymentSettings.keyof().options;

/** A host's own settings over the stack's defaults. */
export type HostSettings = Omit<HostConfig, 'address' | 'configuration'> & {
  address: string;
  configuration: string;
};

/** Every host of the stack with all its settings: its own, else the defaults, else its name. */
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

/** The addresses of the machines that the stack's own lab runs. */
export function labAddresses(hosts: Readonly<Record<string, HostSettings>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(hosts)
      .filter(([, host]) => host.lab)
      .map(([name, host]) => [name, host.address]),
  );
}

/** The virtual machine of the stack that a host is, if it is one. */
export function virtualMachineOf(name: string, { virtualMachine }: Pick<HostSettings, 'virtualMachine'>) {
  return virtualMachine === true ? name : virtualMachine || undefined;
}

/** How a host is entered. */
export function connectionOf(host: HostSettings) {
  return { ...pick(host, connectionKeys), address: host.address };
}

/** How a host is deployed. */
export function deploymentOf(host: HostSettings) {
  return pick(host, deploymentKeys);
}
