import type { SystemInputs } from '../schema/system.ts';
import * as pulumi from './pulumi.ts';
import { registered } from './resource-args.ts';

/** The system of one machine, built on the operator's computer from the evaluated derivation. */
export class System extends pulumi.CustomResource {
  declare readonly outPath: pulumi.Output<string>;

  constructor(name: string, args: SystemInputs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:System', name, registered(args, ['gcRoot']), options);
  }
}
