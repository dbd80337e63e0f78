import * as pulumi from '@pulumi/pulumi';
import type { DiskInstallInputs } from '../schema/disk-install.ts';
import { formerTypeAliases } from '../schema/former-types.ts';
import { type ConnectionArgs, withSecretPassword } from './connection.ts';

/** Arguments of a disk install; what the schema gives a default for may be left out. */
export type DiskInstallArgs = {
  [key in keyof Omit<DiskInstallInputs, 'connection' | 'bootConnection'>]?: pulumi.Input<
    DiskInstallInputs[key]
  >;
} & {
  host: string;
  disk: pulumi.Input<string>;
  image: pulumi.Input<string>;
  connection: pulumi.Input<ConnectionArgs>;
  bootConnection?: pulumi.Input<ConnectionArgs> | undefined;
};

/**
 * Installs an image on a disk of a machine: written over ssh into whatever the machine has booted, and verified. Only an empty disk
 * is written, unless `overwrite` names its serial.
 *
 * @example
 * const written = new DiskInstall('web', {
 *   host: 'web', connection: { address: 'rescue.example.org' }, image: image.path,
 *   disk: '/dev/disk/by-id/nvme-eui.0025385b21404321', serial: 'S4EVNX0R123456',
 * });
 * new Host('web', { evaluated, connection: { address: 'web.example.org' } }, { dependsOn: written });
 */
export class DiskInstall extends pulumi.CustomResource {
  /** SHA-256 of what was written, as read back from the disk. */
  declare readonly sha256: pulumi.Output<string>;
  /** When the writing ended (ISO 8601, UTC). */
  declare readonly writtenAt: pulumi.Output<string>;

  constructor(name: string, args: DiskInstallArgs, options?: pulumi.CustomResourceOptions) {
    const type = 'nixos:index:DiskInstall';
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
    super(
      type,
      name,
      {
        ...given,
        connection: withSecretPassword(args.connection),
        ...(args.bootConnection ? { bootConnection: withSecretPassword(args.bootConnection) } : {}),
        sha256: undefined,
        writtenAt: undefined,
      },
      pulumi.mergeOptions({ aliases: formerTypeAliases(type) }, options),
    );
  }
}
