import * as pulumi from '@pulumi/pulumi';
import type { DiskImageInputs } from '../schema/disk-image.ts';
import { type ConnectionArgs, withSecretPassword } from './connection.ts';

/** Arguments of a disk image; what the schema gives a default for may be left out. */
export type DiskImageArgs = {
  [key in keyof Omit<DiskImageInputs, 'connection' | 'bootConnection'>]?: pulumi.Input<DiskImageInputs[key]>;
} & {
  host: string;
  disk: pulumi.Input<string>;
  image: pulumi.Input<string>;
  connection: pulumi.Input<ConnectionArgs>;
  bootConnection?: pulumi.Input<ConnectionArgs> | undefined;
};

/**
 * A disk image on a disk of a machine: written over ssh into whatever the machine has booted, and verified. Only an empty disk
 * is written, unless `overwrite` names its serial.
 *
 * @example
 * const written = new DiskImage('web', {
 *   host: 'web', connection: { address: 'rescue.example.org' }, image: image.path,
 *   disk: '/dev/disk/by-id/nvme-eui.0025385b21404321', serial: 'S4EVNX0R123456',
 * });
 * new Host('web', { evaluated, connection: { address: 'web.example.org' } }, { dependsOn: written });
 */
export class DiskImage extends pulumi.CustomResource {
  /** SHA-256 of what was written, as read back from the disk. */
  declare readonly sha256: pulumi.Output<string>;
  /** When the writing ended (ISO 8601, UTC). */
  declare readonly writtenAt: pulumi.Output<string>;

  constructor(name: string, args: DiskImageArgs, options?: pulumi.CustomResourceOptions) {
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
    super(
      'nixos:index:DiskImage',
      name,
      {
        ...given,
        connection: withSecretPassword(args.connection),
        ...(args.bootConnection ? { bootConnection: withSecretPassword(args.bootConnection) } : {}),
        sha256: undefined,
        writtenAt: undefined,
      },
      options,
    );
  }
}
