import * as pulumi from '@pulumi/pulumi';
import type { HardwareConfigInputs } from '../schema/hardware-config.ts';
import { type ConnectionArgs, withSecretPassword } from './connection.ts';

/** Arguments of a hardware configuration; what the schema gives a default for may be left out. */
export type HardwareConfigArgs = {
  [key in keyof Omit<HardwareConfigInputs, 'connection' | 'pending'>]?: pulumi.Input<
    HardwareConfigInputs[key]
  >;
} & {
  host: string;
  connection: pulumi.Input<ConnectionArgs>;
  file: pulumi.Input<string>;
  folder: pulumi.Input<string>;
};

/**
 * What a machine says that it is made of, in a file of its flake on this computer. The file is source: it stays when this is
 * dropped, and an `up` that writes it has evaluated the one before.
 */
export class HardwareConfig extends pulumi.CustomResource {
  declare readonly file: pulumi.Output<string>;
  declare readonly sha256: pulumi.Output<string>;

  constructor(name: string, args: HardwareConfigArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'nixos:index:HardwareConfig',
      name,
      {
        ...args,
        connection: withSecretPassword(args.connection),
        sha256: undefined,
        onDisk: undefined,
        machine: undefined,
      },
      options,
    );
  }
}
