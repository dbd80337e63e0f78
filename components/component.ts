import { formerTypeAliases } from '../schema/former-types.ts';
import * as pulumi from './pulumi.ts';

/**
 * Package in the types of components. Programs in TypeScript register them themselves; for others, the provider of the package does. The
 * types of one are aliases for the other, so that a stack whose program changes its language shows no change.
 */
let ownPackage: 'nixos-fleet' | 'nixos' = 'nixos-fleet';

/** From now on components are registered for programs in other languages: in the provider's process. */
export function registerForOtherLanguages(): void {
  ownPackage = 'nixos';
}

/** A component of this package. */
export class Component extends pulumi.ComponentResource {
  /** @param kind its type without the package, such as `Fleet` */
  constructor(kind: string, name: string, options: pulumi.ComponentResourceOptions = {}) {
    const type = `${ownPackage}:index:${kind}`;
    const other = ownPackage === 'nixos' ? 'nixos-fleet' : 'nixos';
    const aliases = [
      ...(options.aliases ?? []),
      { type: `${other}:index:${kind}` },
      ...formerTypeAliases(`nixos-fleet:index:${kind}`),
    ];
    super(type, name, {}, { ...options, aliases });
  }

  /** Ends the component, whose resources are all declared: what the state and other languages see of it. */
  end(outputs: pulumi.Inputs): void {
    this.registerOutputs(outputs);
  }
}
