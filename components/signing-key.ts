import type { RotationPhase, SigningKeyInputs } from '../schema/signing-key.ts';
import type { ConnectionArgs } from './connection.ts';
import * as pulumi from './pulumi.ts';
import { registered } from './resource-args.ts';

export interface SigningKeyArgs {
  /** Such as cache.example.org-1; a new name starts a rotation. */
  name: pulumi.Input<string>;
  /** Machines that must trust a new key before it signs anything, by name. */
  consumers?: Record<string, pulumi.Input<ConnectionArgs>>;
  /** @default 'gradual' */
  rotation?: pulumi.Input<SigningKeyInputs['rotation']>;
}

/** The signing key of a binary cache; the secret key is encrypted in the state. */
export class SigningKey extends pulumi.CustomResource {
  /** The current public key, as NAME:BASE64. */
  declare readonly publicKey: pulumi.Output<string>;
  declare readonly secretKey: pulumi.Output<string>;
  /** Public keys for machines to trust: during a rotation the old and the new one. */
  declare readonly trustedKeys: pulumi.Output<string[]>;
  /** Public keys that were revoked; no machine may trust them. */
  declare readonly revokedKeys: pulumi.Output<string[]>;
  declare readonly phase: pulumi.Output<RotationPhase>;
  /** Machines that do not trust the new key yet. */
  declare readonly waitingFor: pulumi.Output<string[]>;

  constructor(name: string, args: SigningKeyArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ['publicKey', 'secretKey', 'trustedKeys', 'revokedKeys', 'phase', 'waitingFor'];
    super('nixos:index:SigningKey', name, registered(args, outputs), {
      ...options,
      additionalSecretOutputs: ['secretKey', 'nextSecretKey', ...(options?.additionalSecretOutputs ?? [])],
    });
  }
}
