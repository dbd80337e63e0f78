import type { LabNetworkInputs } from '../schema/lab-network.ts';
import * as pulumi from './pulumi.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

/** The lab's network: a bridge on the operator's computer that routes nothing to the outside. */
export class LabNetwork extends pulumi.CustomResource {
  declare readonly bridge: pulumi.Output<string>;
  declare readonly identityFile: pulumi.Output<string>;

  constructor(
    name: string,
    args: ResourceArgs<LabNetworkInputs, keyof LabNetworkInputs>,
    options?: pulumi.CustomResourceOptions,
  ) {
    super('nixos:index:LabNetwork', name, registered(args, ['bridge', 'identityFile']), options);
  }
}
