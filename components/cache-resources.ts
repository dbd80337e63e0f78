import type * as z from 'zod';
import type { CachePushInputs, CacheStoreInputs } from '../schema/cache.ts';
import type { CacheRetentionInputs, keep } from '../schema/cache-retention.ts';
import type { SubstitutersInputs } from '../schema/substituters.ts';
import { type ConnectionArgs, withSecretPassword } from './connection.ts';
import * as pulumi from './pulumi.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

export type CacheStoreArgs = ResourceArgs<CacheStoreInputs, 'name' | 'publicKey' | 'secretKey'>;

/** A binary cache whose content is signed with one key. */
export class CacheStore extends pulumi.CustomResource {
  /** Public key of the key that signs its content. */
  declare readonly signedBy: pulumi.Output<string>;

  constructor(name: string, args: CacheStoreArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'nixos:index:CacheStore',
      name,
      registered({ ...args, secretKey: pulumi.secret(args.secretKey) }, ['signedBy']),
      options,
    );
  }
}

export type CachePushArgs = ResourceArgs<CachePushInputs, 'cache' | 'path' | 'publicKey' | 'secretKey'>;

/** One closure in a binary cache. */
export class CachePush extends pulumi.CustomResource {
  /** Whether the closure is in the cache. */
  declare readonly complete: pulumi.Output<boolean>;

  constructor(name: string, args: CachePushArgs, options?: pulumi.CustomResourceOptions) {
    super(
      'nixos:index:CachePush',
      name,
      registered({ ...args, secretKey: pulumi.secret(args.secretKey) }, ['complete']),
      options,
    );
  }
}

export type CacheRetentionArgs = ResourceArgs<Omit<CacheRetentionInputs, 'keep' | 'machines'>, 'cache'> & {
  keep: KeepArgs;
  machines: Record<string, KeptMachineArgs>;
};

/** Which pushed systems are kept; settings with a default may be left out. */
export type KeepArgs = z.input<typeof keep>;

/** A machine whose systems are pushed to a cache. */
export interface KeptMachineArgs {
  connection: pulumi.Input<ConnectionArgs>;
  machineId?: pulumi.Input<string>;
  /** Store paths of systems that it is known to have. */
  systems: pulumi.Input<string[]>;
}

/** The retention policy of a binary cache. */
export class CacheRetention extends pulumi.CustomResource {
  /** Number of store paths that the last garbage collection removed. */
  declare readonly freedPaths: pulumi.Output<number>;
  declare readonly freedMebibytes: pulumi.Output<number>;

  constructor(name: string, args: CacheRetentionArgs, options?: pulumi.CustomResourceOptions) {
    const machines = Object.entries(args.machines).map(([machine, { connection, ...rest }]) => [
      machine,
      { ...rest, connection: withSecretPassword(connection) },
    ]);
    const inputs = { ...args, machines: Object.fromEntries(machines) };
    super('nixos:index:CacheRetention', name, registered(inputs, ['freedPaths', 'freedMebibytes']), options);
  }
}

export type SubstitutersArgs = ResourceArgs<Omit<SubstitutersInputs, 'caches'>, 'host' | 'connection'> & {
  caches: Record<
    string,
    { url: pulumi.Input<string>; publicKeys: pulumi.Input<string[]>; priority?: pulumi.Input<number> }
  >;
};

/** The binary caches that one machine fetches from, and the keys it trusts. */
export class Substituters extends pulumi.CustomResource {
  constructor(name: string, args: SubstitutersArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:Substituters', name, registered(args), options);
  }
}
