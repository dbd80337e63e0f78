import type { HardwareConfigInputs } from '../schema/hardware-config.ts';
import * as pulumi from './pulumi.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

/** Arguments of a hardware configuration. */
export type HardwareConfigArgs = ResourceArgs<
  Omit<HardwareConfigInputs, 'pending'>,
  'host' | 'connection' | 'file' | 'folder'
>;

/**
 * The detected hardware of a machine, in a file of its flake on this computer. The file is source code: it is kept when the
 * resource is removed, and an `up` that changes it has evaluated the previous one.
 */
export class HardwareConfig extends pulumi.CustomResource {
  declare readonly file: pulumi.Output<string>;
  declare readonly sha256: pulumi.Output<string>;

  constructor(name: string, args: HardwareConfigArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:HardwareConfig', name, registered(args, ['sha256', 'onDisk', 'machine']), options);
  }
}
