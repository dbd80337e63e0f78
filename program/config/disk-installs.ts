import { FleetError } from '../../lib/base/errors.ts';
import { hashFile } from '../../lib/base/hash.ts';
import { omit, pick } from '../../lib/base/pick.ts';
import type { OutputRequest } from '../../lib/evaluation/types.ts';
import type { StackConfig } from '../../schema/config.ts';
import { type Connection, connectionKeys } from '../../schema/connection.ts';
import type { DiskInstallConfig } from '../../schema/disk-install.ts';
import { connectionOf, type HostSettings, virtualMachineOf } from './hosts.ts';

/** A disk of the stack's config, with what the config leaves out. */
export interface DiskInstallSettings extends Omit<DiskInstallConfig, keyof Connection> {
  imageHash?: string | undefined;
  /** How the machine is entered once it has booted from the disk, where a host of that name says so. */
  bootConnection?: Partial<Connection>;
  /** One of the stack's virtual machines, whose disk it is. */
  virtualMachine: string | undefined;
  /** How the machine is entered, as far as that is given: what is a virtual machine's own comes with it. */
  connection: Partial<Connection>;
}

/**
 * Every disk of the stack: how its machine is entered is what it says itself, else what the host of its name says. Files that
 * are not in the Nix store are read, for their hash.
 * @throws FleetError config-invalid
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
  const ofHost = host ? connectionOf(host) : { address: name };
  return {
    ...omit(config, connectionKeys),
    virtualMachine: config.virtualMachine ?? (host && virtualMachineOf(name, host)),
    bootConnection: host && ofHost,
    connection: { ...(config.local ? {} : ofHost), ...pick(config, connectionKeys) },
  };
}

/** What is to be evaluated of the systems that live in memory, by the disk's name. */
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

/** A path in the Nix store tells its content. */
async function hashOf(name: string, image: string): Promise<string | undefined> {
  if (!image.startsWith('/') || image.startsWith('/nix/store/')) return undefined;
  return await hashFile(image).catch((cause: Error) => {
    throw new FleetError({
      code: 'config-invalid',
      what: `the image of diskInstalls.${name} cannot be read`,
      why: cause.message,
      fix: 'Name a file that is there, or one of images.',
    });
  });
}
