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

/**
 * Options of resources that change nothing on a machine, such as builds on this computer and waves. `protect` and `retainOnDelete` of a
 * component are for what is on its machines: with `protect`, a new kernel could not be deployed in the place of one with another name.
 */
export const changesNoMachine = { protect: false, retainOnDelete: false } as const;

/** Options that Pulumi applies neither to components nor to what is below them. */
const withoutEffect = ['ignoreChanges', 'replaceOnChanges', 'customTimeouts'] as const;

/** A component of this package. */
export class Component extends pulumi.ComponentResource {
  /** @param kind its type without the package, such as `Fleet` */
  constructor(kind: string, name: string, options: pulumi.ComponentResourceOptions = {}) {
    const type = `${ownPackage}:index:${kind}`;
    const otherType = { type: `${ownPackage === 'nixos' ? 'nixos-fleet' : 'nixos'}:index:${kind}` };
    const aliases = (options.aliases ?? []).flatMap((alias) => [
      alias,
      ...(typeof alias === 'object' && 'name' in alias && !('type' in alias)
        ? [{ ...alias, ...otherType }]
        : []),
    ]);
    const former = formerTypeAliases(`nixos-fleet:index:${kind}`);
    super(type, name, {}, { ...options, aliases: [...aliases, otherType, ...former] });
    const ignored = withoutEffect.filter((option) => Object.values(options[option] ?? {}).some(Boolean));
    if (ignored.length > 0)
      void pulumi.log.warn(
        `${kind} ${name}: Pulumi ignores ${ignored.join(', ')} of components. Set it on a resource below by a transform: see docs/resource-options.md`,
        this,
      );
  }

  /** Ends the component, whose resources are all declared: what the state and other languages see of it. */
  end(outputs: pulumi.Inputs): void {
    this.registerOutputs(outputs);
  }
}
