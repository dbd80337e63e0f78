import * as pulumi from '@pulumi/pulumi';

/** The lab's own network: a bridge on the operator's computer from which nothing is routed out. */
export class LabNetwork extends pulumi.CustomResource {
  declare readonly bridge: pulumi.Output<string>;
  declare readonly identityFile: pulumi.Output<string>;

  constructor(
    name: string,
    args: { name: string; cidr: string; hosts: Record<string, string> },
    options?: pulumi.CustomResourceOptions,
  ) {
    super('nixos:index:LabNetwork', name, { ...args, bridge: undefined, identityFile: undefined }, options);
  }
}
