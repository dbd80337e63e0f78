import { FleetError } from '../../lib/base/errors.ts';
import { failureOf } from '../../lib/base/failure.ts';
import { hashFile } from '../../lib/base/hash.ts';
import { omit, pick } from '../../lib/base/pick.ts';
import type { OutputRequest } from '../../lib/evaluation/types.ts';
import type { StackConfig } from '../../schema/config.ts';
import { type Connection, connectionKeys } from '../../schema/connection.ts';
import type { DiskInstallConfig } from '../../schema/disk-install.ts';
import { connectionOf, type HostSettings, virtualMachineOf } from './hosts.ts';

/** A disk install's settings, with defaults. */
export interface DiskInstallSettings extends Omit<DiskInstallConfig, keyof Connection> {
  /** SHA-256 of an image file outside the Nix store. */
  imageHash?: string | undefined;
  /** How to log in once the machine has booted from the disk: the connection of the host with this name, if there is one. */
  bootConnection?: Partial<Connection>;
  /** The virtual machine of the stack whose disk it is. */
  virtualMachine: string | undefined;
  /** How to log in now. A virtual machine's own address, port and keys are added later. */
  connection: Partial<Connection>;
}

/**
 * Settings of all disk installs. Connection settings that one leaves out are those of the host with its name. Image files
 * outside the Nix store are hashed.
 * @throws FleetError config-invalid where an image file cannot be read
 */
export async function diskInstallSettings(
  { diskInstalls }: Pick<StackConfig, 'diskInstalls'>,
  hosts: Readonly<Record<string, HostSettings>>,
): Promise<Record<string, DiskInstallSettings>> {
  const entries = Object.entries(diskInstalls).map(async ([name, config]) => {
    const imageHash = await hashOf(name, config.image);
    return [name, { ...withHost(name, config, hosts[name]), imageHash }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function withHost(name: string, config: DiskInstallConfig, host?: HostSettings): DiskInstallSettings {
  const hostConnection = host ? connectionOf(host) : { address: name };
  return {
    ...omit(config, connectionKeys),
    virtualMachine: config.virtualMachine ?? (host && virtualMachineOf(name, host)),
    bootConnection: host && hostConnection,
    connection: { ...(config.local ? {} : hostConnection), ...pick(config, connectionKeys) },
  };
}

/** Outputs to evaluate for the systems in RAM, by disk install. */
export function ramSystems(
  disks: Readonly<Record<string, DiskInstallSettings>>,
): Record<string, OutputRequest> {
  return Object.fromEntries(
    Object.entries(disks).flatMap(([name, { kexec }]) =>
      kexec === undefined || kexec.startsWith('/')
        ? []
        : [[name, { configuration: kexec, attribute: ['system', 'build', 'ramSystem'], host: name }]],
    ),
  );
}

/** Undefined for a path in the Nix store, which already identifies the content. */
async function hashOf(name: string, image: string): Promise<string | undefined> {
  if (!image.startsWith('/') || image.startsWith('/nix/store/')) return undefined;
  return await hashFile(image).catch((cause: Error) => {
    throw new FleetError({
      code: 'config-invalid',
      what: `cannot read the image of diskInstalls.${name}`,
      why: `${image}: ${failureOf(cause)?.why ?? cause.message}`,
      fix: 'Set image to an existing file, or to the name of one of images.',
    });
  });
}
