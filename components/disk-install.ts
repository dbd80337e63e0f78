import type { DiskInstallInputs } from '../schema/disk-install.ts';
import { formerTypeAliases } from '../schema/former-types.ts';
import * as pulumi from './pulumi.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

/** Arguments of a disk install. */
export type DiskInstallArgs = ResourceArgs<DiskInstallInputs, 'host' | 'disk' | 'image' | 'connection'>;

/**
 * Installs an image on a disk of a machine that runs any Linux, such as a rescue system: writes it over ssh and verifies it. The
 * disk must be empty, unless `overwrite` is its serial number.
 *
 * @example
 * const written = new DiskInstall('web', {
 *   host: 'web', connection: { address: 'rescue.example.org' }, image: image.path,
 *   disk: '/dev/disk/by-id/nvme-eui.0025385b21404321', serial: 'S4EVNX0R123456',
 * });
 * new Host('web', { evaluated, connection: { address: 'web.example.org' } }, { dependsOn: written });
 */
export class DiskInstall extends pulumi.CustomResource {
  /** SHA-256 of the image, as read back from the disk. */
  declare readonly sha256: pulumi.Output<string>;
  /** When the writing ended (ISO 8601, UTC). */
  declare readonly writtenAt: pulumi.Output<string>;

  constructor(name: string, args: DiskInstallArgs, options?: pulumi.CustomResourceOptions) {
    const type = 'nixos:index:DiskInstall';
    super(
      type,
      name,
      registered(args, ['sha256', 'writtenAt']),
      pulumi.mergeOptions({ aliases: formerTypeAliases(type) }, options),
    );
  }
}
