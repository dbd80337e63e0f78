import * as pulumi from '@pulumi/pulumi';
import type { z } from 'zod';
import type { CachePushInputs, CacheStoreInputs } from '../schema/cache.ts';
import type { CacheRetentionInputs, keep } from '../schema/cache-retention.ts';
import type { SubstitutersInputs } from '../schema/substituters.ts';
import { type ConnectionArgs, withSecretPassword } from './connection.ts';

/** Inputs of a resource as a program gives them: each may be an output of another one. */
type Given<Inputs, Required extends keyof Inputs> = {
  [key in Exclude<keyof Inputs, 'connection' | Required>]?: pulumi.Input<Inputs[key] | undefined>;
} & { [key in Required]: pulumi.Input<Inputs[key]> };

export type CacheStoreArgs = Given<CacheStoreInputs, 'name' | 'publicKey' | 'secretKey'> & {
  connection?: pulumi.Input<ConnectionArgs>;
};

/** What a binary cache holds, signed by one key. */
export class CacheStore extends pulumi.CustomResource {
  /** Public key that its content is signed by. */
  declare readonly signedBy: pulumi.Output<string>;

  constructor(name: string, args: CacheStoreArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:CacheStore', name, { ...given(args), signedBy: undefined }, options);
  }
}

export type CachePushArgs = Given<CachePushInputs, 'cache' | 'path' | 'publicKey' | 'secretKey'> & {
  connection?: pulumi.Input<ConnectionArgs>;
};

/** One closure in a binary cache. */
export class CachePush extends pulumi.CustomResource {
  /** Whether the closure is in the cache. */
  declare readonly complete: pulumi.Output<boolean>;

  constructor(name: string, args: CachePushArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:CachePush', name, { ...given(args), complete: undefined }, options);
  }
}

export type CacheRetentionArgs = Pick<Given<CacheRetentionInputs, 'cache'>, 'cache' | 'store' | 'host'> & {
  connection?: pulumi.Input<ConnectionArgs>;
  keep: KeepArgs;
  machines: Record<string, KeptMachineArgs>;
};

/** Which of the systems that were pushed stay; what has a default may be left out. */
export type KeepArgs = z.input<typeof keep>;

/** A machine whose systems are pushed to a cache. */
export interface KeptMachineArgs {
  connection: pulumi.Input<ConnectionArgs>;
  machineId?: pulumi.Input<string>;
  /** Systems that it has for certain. */
  systems: pulumi.Input<string[]>;
}

/** How long a binary cache keeps what was pushed to it. */
export class CacheRetention extends pulumi.CustomResource {
  /** Paths that the last collection removed. */
  declare readonly freedPaths: pulumi.Output<number>;
  declare readonly freedMebibytes: pulumi.Output<number>;

  constructor(name: string, args: CacheRetentionArgs, options?: pulumi.CustomResourceOptions) {
    const machines = Object.entries(args.machines).map(([machine, { connection, ...rest }]) => [
      machine,
      { ...rest, connection: withSecretPassword(connection) },
    ]);
    const outputs = { freedPaths: undefined, freedMebibytes: undefined };
    const inputs = { ...given({ ...args, machines: Object.fromEntries(machines) }), ...outputs };
    super('nixos:index:CacheRetention', name, inputs, options);
  }
}

export type SubstitutersArgs = Omit<Given<SubstitutersInputs, 'host'>, 'caches'> & {
  connection: pulumi.Input<ConnectionArgs>;
  caches: Record<
    string,
    { url: pulumi.Input<string>; publicKeys: pulumi.Input<string[]>; priority?: pulumi.Input<number> }
  >;
};

/** The binary caches that one machine asks, and the keys it trusts. */
export class Substituters extends pulumi.CustomResource {
  constructor(name: string, args: SubstitutersArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:Substituters', name, given(args), options);
  }
}

/** The arguments that are given, the secret ones as secrets. */
function given<Args extends { connection?: pulumi.Input<ConnectionArgs>; secretKey?: pulumi.Input<string> }>(
  args: Args,
): pulumi.Inputs {
  const { connection, secretKey } = args;
  const secrets = {
    ...(connection === undefined ? {} : { connection: withSecretPassword(connection) }),
    ...(secretKey === undefined ? {} : { secretKey: pulumi.secret(secretKey) }),
  };
  return Object.fromEntries(
    Object.entries({ ...args, ...secrets }).filter(([, value]) => value !== undefined),
  );
}
