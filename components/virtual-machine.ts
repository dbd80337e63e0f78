import type { VirtualMachineInputs } from '../schema/virtual-machine.ts';
import type { ConnectionArgs } from './connection.ts';
import * as pulumi from './pulumi.ts';
import { registered } from './resource-args.ts';

/** Arguments of a virtual machine; settings with a default may be left out. */
export type VirtualMachineArgs = {
  [key in keyof VirtualMachineInputs]?: pulumi.Input<Partial<VirtualMachineInputs[key]>>;
} & { stack: pulumi.Input<string>; name: pulumi.Input<string> };

/**
 * A QEMU virtual machine on the operator's computer: from a disk image, a built `config.system.build.vm`, or a kernel. With
 * a port forwarded to its port 22, it can be a host's machine.
 *
 * @example
 * const vm = new VirtualMachine('base', {
 *   stack: pulumi.getStack(), name: 'base', image: '/images/base.qcow2',
 *   forwardPorts: { ssh: { host: 2222, guest: 22 } },
 * });
 * new Host('base', { evaluated, connection: vm.connection });
 */
export class VirtualMachine extends pulumi.CustomResource {
  declare readonly running: pulumi.Output<boolean>;
  declare readonly address: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number | undefined>;
  declare readonly user: pulumi.Output<string>;
  declare readonly identityFile: pulumi.Output<string>;
  declare readonly hostKey: pulumi.Output<string | undefined>;
  declare readonly machineId: pulumi.Output<string | undefined>;
  /** File with the output of its serial console. */
  declare readonly console: pulumi.Output<string>;

  constructor(name: string, args: VirtualMachineArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ['running', 'address', 'port', 'user', 'identityFile', 'hostKey', 'machineId', 'console'];
    super('nixos:index:VirtualMachine', name, registered(args, outputs), options);
  }

  /** Its ssh connection. */
  get connection(): pulumi.Output<ConnectionArgs> {
    const { address, port, user, identityFile, hostKey } = this;
    return pulumi
      .all([address, port, user, identityFile, hostKey])
      .apply(([address, port, user, identityFile, hostKey]) => ({
        address,
        port,
        user,
        identityFile,
        hostKey,
      }));
  }
}
