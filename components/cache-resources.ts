import * as pulumi from '@pulumi/pulumi';
import type { CachePushInputs, CacheStoreInputs } from '../schema/cache.ts';
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
