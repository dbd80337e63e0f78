import type { DiskFound, DiskInstallInputs } from '../schema/disk-install.ts';
import { Component, changesNoMachine } from './component.ts';
import type { ConnectionArgs } from './connection.ts';
import { DiskInstall } from './disk-install.ts';
import * as pulumi from './pulumi.ts';
import { System } from './system.ts';

/** The file of one of the stack's images, with its facts from the evaluation. */
export interface ImageSource extends Pick<DiskInstallInputs, 'imageSizeMiB' | 'platform'> {
  image: pulumi.Input<string>;
  /** Builds it. */
  resource?: pulumi.Resource;
}

export interface DiskInstallsArgs {
  /** Settings by name; a host with the same name is the same machine. */
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
  /** Evaluated systems in RAM, for those with a configuration; if its evaluation failed, the disk install is skipped. */
  ramSystems: Readonly<Record<string, { drvPath: string; outPath: string }>>;
  /** Connection of a virtual machine of the stack. */
  connectionOf(machine: string | undefined, given: ConnectionArgs): pulumi.Input<ConnectionArgs> | undefined;
}

/** The stack's disk installs, if any. */
export class DiskInstalls {
  readonly #disks: Record<string, DiskInstall> = {};

  constructor(
    name: string,
    { disks, readings, imageOf, ramSystems, connectionOf }: DiskInstallsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    const entries = Object.entries(disks);
    if (entries.length === 0) return;
    const parent = new Component('DiskInstalls', name, options);
    for (const [disk, { virtualMachine, connection, bootConnection, image, kexec, ...settings }] of entries) {
      const evaluated = ramSystems[disk];
      // Its system could not be evaluated; the error is reported at the end.
      if (kexec?.startsWith('/') === false && !evaluated) continue;
      const ram =
        evaluated && new System(`${disk}-ram`, { host: disk, ...evaluated }, { parent, ...changesNoMachine });
      const { resource, ...source }: ImageSource = image.startsWith('/') ? { image } : imageOf(image);
      const { found, note } = readings[disk] ?? {};
      // A message of the stack, as a guard may refuse to create the resource.
      if (note && pulumi.isDryRun()) void pulumi.log.info(`disk install ${disk}: ${note}`);
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
    parent.end({});
  }

  /** The disk install that a host depends on. */
  of(host: string): DiskInstall[] {
    const disk = this.#disks[host];
    return disk ? [disk] : [];
  }
}
