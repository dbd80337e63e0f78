import * as pulumi from '@pulumi/pulumi';

export interface LabMachineArgs {
  lab: string;
  name: string;
  address: string;
  bridge: pulumi.Input<string>;
  base: string;
}

/** One machine of the lab: a systemd-nspawn container with its own systemd, sshd, Nix and store. */
export class LabMachine extends pulumi.CustomResource {
  declare readonly hostKey: pulumi.Output<string>;
  declare readonly machineId: pulumi.Output<string>;

  constructor(name: string, args: LabMachineArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:LabMachine', name, { ...args, hostKey: undefined, machineId: undefined }, options);
  }
}
