import * as pulumi from '@pulumi/pulumi';
import type { DiskFound, DiskInstallInputs } from '../schema/disk-install.ts';
import { formerTypeAliases } from '../schema/former-types.ts';
import type { ConnectionArgs } from './connection.ts';
import { DiskInstall } from './disk-install.ts';
import { System } from './system.ts';

/** The file of one of the stack's images, and what is known of it before it is built. */
export interface ImageSource extends Pick<DiskInstallInputs, 'imageSizeMiB' | 'platform'> {
  image: pulumi.Input<string>;
  /** Builds it. */
  resource?: pulumi.Resource;
}

export interface DiskInstallsArgs {
  /** Settings by name, which is that of a host as well where the machine is one. */
  disks: Readonly<
    Record<
      string,
      Omit<DiskInstallInputs, 'host' | 'connection' | 'bootConnection' | 'kexec' | 'found'> & {
        virtualMachine: string | undefined;
        connection: ConnectionArgs;
        bootConnection?: ConnectionArgs;
        kexec?: string | undefined;
      }
    >
  >;
  /** The disks as found on their machines, and a line about each for the preview. */
  readings: Readonly<Record<string, { found?: DiskFound; note: string }>>;
  imageOf(image: string): ImageSource;
  /** The evaluated systems that live in memory of those that name a configuration; one without it is left as it is. */
  ramSystems: Readonly<Record<string, { drvPath: string; outPath: string }>>;
  /** How a virtual machine of the stack is reached. */
  connectionOf(machine: string | undefined, given: ConnectionArgs): pulumi.Input<ConnectionArgs> | undefined;
}

/** Images that the stack installs on disks of machines; it may have none. */
export class DiskInstalls {
  readonly #disks: Record<string, DiskInstall> = {};

  constructor(name: string, { disks, readings, imageOf, ramSystems, connectionOf }: DiskInstallsArgs) {
    const entries = Object.entries(disks);
    if (entries.length === 0) return;
    const type = 'nixos-fleet:index:DiskInstalls';
    const parent = new pulumi.ComponentResource(type, name, {}, { aliases: formerTypeAliases(type) });
    for (const [disk, { virtualMachine, connection, bootConnection, image, kexec, ...settings }] of entries) {
      const evaluated = ramSystems[disk];
      // Its system could not be evaluated, which the program ends with.
      if (kexec?.startsWith('/') === false && !evaluated) continue;
      const ram = evaluated && new System(`${disk}-ram`, { host: disk, ...evaluated }, { parent });
      const { resource, ...source }: ImageSource = image.startsWith('/') ? { image } : imageOf(image);
      const { found, note } = readings[disk] ?? {};
      // Of the stack, and not of the resource, which a guard may keep from being there.
      if (note && pulumi.runtime.isDryRun()) void pulumi.log.info(`disk install ${disk}: ${note}`);
      this.#disks[disk] = new DiskInstall(
        disk,
        {
          ...settings,
          ...source,
          host: disk,
          kexec: ram?.outPath ?? kexec,
          connection: connectionOf(virtualMachine, connection) ?? connection,
          bootConnection: (bootConnection && connectionOf(virtualMachine, bootConnection)) ?? bootConnection,
          found,
        },
        { parent, dependsOn: resource ? [resource] : [] },
      );
    }
  }

  /** What a host must wait for: the image on its disk. */
  of(host: string): DiskInstall[] {
    const disk = this.#disks[host];
    return disk ? [disk] : [];
  }
}
