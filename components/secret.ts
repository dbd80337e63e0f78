import type { SecretInputs } from '../schema/secret.ts';
import type { SecretsInputs } from '../schema/secrets.ts';
import * as pulumi from './pulumi.ts';
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

/** One of the files of `Secrets`. Default: a file in /run/keys that only root can read. */
export type SecretFileArgs = Omit<
  SecretArgs,
  'host' | 'connection' | 'path' | 'machineId' | 'takeOverFrom' | 'when'
> & {
  /** @default /run/keys/<name> */
  path?: pulumi.Input<string>;
};

/** Arguments of many secrets. */
export type SecretsArgs = Omit<ResourceArgs<SecretsInputs, 'host' | 'connection'>, 'files' | 'values'> & {
  /** The files, by name. */
  files: Record<string, SecretFileArgs>;
};

/**
 * Any number of files on one machine whose contents are kept out of the Nix store, as one resource: quicker than a `Secret` for each
 * where there are many. Those that change are sent in one stream, and each unit is restarted once.
 *
 * @example
 * new Secrets('web', { host: 'web', connection, files: { database: { value: config.requireSecret('database'), owner: 'app' } } });
 */
export class Secrets extends pulumi.CustomResource {
  declare readonly contents: pulumi.Output<Record<string, 'in-place' | 'changed' | 'missing'>>;

  constructor(name: string, { files, ...args }: SecretsArgs, options?: pulumi.CustomResourceOptions) {
    const places: Record<string, object> = {};
    const values: Record<string, pulumi.Input<string>> = {};
    for (const [secret, { value, path = `/run/keys/${secret}`, ...rest }] of Object.entries(files)) {
      values[secret] = pulumi.secret(value);
      places[secret] = { path, ...rest };
    }
    super('nixos:index:Secrets', name, registered({ ...args, files: places, values }, ['contents']), options);
  }
}

/** A secret of a host. Default: a file in /run/keys that only root can read. */
export type HostSecret = SecretFileArgs & {
  /**
   * Whether the file is written before the machine's deployment or after it: `after` for an owner that only the new system
   * has.
   * @default 'before'
   */
  when?: 'before' | 'after';
};
