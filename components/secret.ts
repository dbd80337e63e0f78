import * as pulumi from '@pulumi/pulumi';
import type { SecretInputs } from '../schema/secret.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

/** Arguments of a secret. */
export type SecretArgs = ResourceArgs<SecretInputs, 'host' | 'connection' | 'path' | 'value'>;

/** A file on a machine whose content is kept out of the Nix store. Removed with the resource. */
export class Secret extends pulumi.CustomResource {
  declare readonly path: pulumi.Output<string>;

  constructor(name: string, args: SecretArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:Secret', name, registered({ ...args, value: pulumi.secret(args.value) }), options);
  }
}

/** A secret of a host. Default: a file in /run/keys that only root can read. */
export type HostSecret = Omit<
  SecretArgs,
  'host' | 'connection' | 'path' | 'machineId' | 'takeOverFrom' | 'when'
> & {
  /** @default /run/keys/<name> */
  path?: pulumi.Input<string>;
  /**
   * Whether the file is written before the machine's deployment or after it: `after` for an owner that only the new system
   * has.
   * @default 'before'
   */
  when?: 'before' | 'after';
};
