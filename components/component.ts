import { formerTypeAliases } from '../schema/former-types.ts';
import * as pulumi from './pulumi.ts';

/** A component of this package, which states may record by a former type. */
export class Component extends pulumi.ComponentResource {
  constructor(type: string, name: string, options: pulumi.ComponentResourceOptions = {}) {
    const aliases = [...(options.aliases ?? []), ...formerTypeAliases(type)];
    super(type, name, {}, { ...options, aliases });
  }

  /** Ends the component, whose resources are all declared: what the state and other languages see of it. */
  end(outputs: pulumi.Inputs): void {
    this.registerOutputs(outputs);
  }
}
