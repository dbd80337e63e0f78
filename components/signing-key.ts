import * as pulumi from '@pulumi/pulumi';
import type { RotationPhase, SigningKeyInputs } from '../schema/signing-key.ts';
import type { ConnectionArgs } from './connection.ts';
import { registered } from './resource-args.ts';

export interface SigningKeyArgs {
  /** Such as cache.example.org-1; another name begins a rotation. */
  name: pulumi.Input<string>;
  /** Machines that must trust a new key before anything is signed with it, by name. */
  consumers?: Record<string, pulumi.Input<ConnectionArgs>>;
  /** @default 'gradual' */
  rotation?: pulumi.Input<SigningKeyInputs['rotation']>;
}

/** The key that a binary cache signs with; its secret part is encrypted in the state. */
export class SigningKey extends pulumi.CustomResource {
  /** The key that signs now, as NAME:BASE64. */
  declare readonly publicKey: pulumi.Output<string>;
  declare readonly secretKey: pulumi.Output<string>;
  /** What machines are to trust: in a rotation the old and the new one. */
  declare readonly trustedKeys: pulumi.Output<string[]>;
  /** What was dropped at once, and must be trusted nowhere. */
  declare readonly revokedKeys: pulumi.Output<string[]>;
  declare readonly phase: pulumi.Output<RotationPhase>;
  /** Machines that a rotation waits for. */
  declare readonly waitingFor: pulumi.Output<string[]>;

  constructor(name: string, args: SigningKeyArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ['publicKey', 'secretKey', 'trustedKeys', 'revokedKeys', 'phase', 'waitingFor'];
    super('nixos:index:SigningKey', name, registered(args, outputs), {
      ...options,
      additionalSecretOutputs: ['secretKey', 'nextSecretKey'],
    });
  }
}
