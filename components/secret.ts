import * as pulumi from '@pulumi/pulumi';
import type { SecretInputs } from '../schema/secret.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

/** Arguments of a secret. */
export type SecretArgs = ResourceArgs<SecretInputs, 'host' | 'connection' | 'path' | 'value'>;

/** One file on one machine whose content never enters a Nix store; removed when it is dropped. */
export class Secret extends pulumi.CustomResource {
  declare readonly path: pulumi.Output<string>;

  constructor(name: string, args: SecretArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:Secret', name, registered({ ...args, value: pulumi.secret(args.value) }), options);
  }
}

/** A secret of a host: its value, and where it differs from a file of root's in /run/keys. */
export type HostSecret = Omit<SecretArgs, 'host' | 'connection' | 'path' | 'machineId'> & {
  /** @default /run/keys/<name> */
  path?: pulumi.Input<string>;
  /**
   * Whether the file is written before the machine's deployment or after it. An owner that the new system brings is
   * there only after it.
   * @default 'before'
   */
  when?: 'before' | 'after';
};
