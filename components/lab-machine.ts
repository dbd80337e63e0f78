import type { LabMachineInputs } from '../schema/lab-machine.ts';
import * as pulumi from './pulumi.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

type LabMachineArgs = ResourceArgs<LabMachineInputs, keyof LabMachineInputs>;

/** One machine of the lab: a systemd-nspawn container with its own systemd, sshd, Nix and store. */
export class LabMachine extends pulumi.CustomResource {
  declare readonly hostKey: pulumi.Output<string>;
  declare readonly machineId: pulumi.Output<string>;

  constructor(name: string, args: LabMachineArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:LabMachine', name, registered(args, ['hostKey', 'machineId']), options);
  }
}
