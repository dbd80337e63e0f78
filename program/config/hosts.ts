import { type HostConfig, type StackConfig, withDefaults } from '../../schema/config.ts';

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

/** What of a host's settings says how it is reached, and what says how it is deployed. */
export function splitSettings(host: HostSettings) {
  const { address, user, port, hostKey, identityFile, connectTimeoutSeconds, ...others } = host;
  const { local, become, becomePassword, proxyJump, proxyJumpHostKey, sshOptions, ...more } = others;
  const { forwardAgent, bootstrapUser, ...rest } = more;
  const {
    lab: _lab,
    virtualMachine: _virtualMachine,
    configuration: _configuration,
    secrets: _secrets,
    allowUnbootableKernel: _allowed,
    rehearse: _rehearse,
    builders: _builders,
    hardwareConfig: _hardwareConfig,
    ...settings
  } = rest;
  const ssh = { port, hostKey, identityFile, proxyJump, proxyJumpHostKey, sshOptions };
  const entry = { local, user, become, becomePassword, forwardAgent, bootstrapUser };
  const optional = { ...entry, ...ssh, connectTimeoutSeconds };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { connection: { address, ...(given as Partial<typeof optional>) }, settings };
}
