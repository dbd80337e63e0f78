import { Component } from './component.ts';
import type { ConnectionArgs } from './connection.ts';
import { LabMachine } from './lab-machine.ts';
import { LabNetwork } from './lab-network.ts';
import * as pulumi from './pulumi.ts';

export interface LabArgs {
  /** Address range with 24 bits, such as 10.213.7.0/24. */
  network: string;
  /** Root file system that each machine starts from. */
  base: string;
  /** Machine's name to its address in the network. */
  machines: Readonly<Record<string, string>>;
  /** NixOS system that a machine starts with, by machine; the others are copies of the base. */
  systems?: Readonly<Record<string, { drvPath: string; outPath: string }>>;
}

/** Test machines on the operator's computer: containers with their own systemd and sshd. */
export class Lab extends Component {
  readonly machines: Readonly<Record<string, LabMachine>>;
  /** Connections by machine. */
  readonly connections: Readonly<Record<string, pulumi.Output<ConnectionArgs>>>;

  constructor(name: string, args: LabArgs, options?: pulumi.ComponentResourceOptions) {
    super('Lab', name, options);
    const network = new LabNetwork(
      name,
      { name, cidr: args.network, hosts: args.machines },
      { parent: this },
    );
    const machines: Record<string, LabMachine> = {};
    const connections: Record<string, pulumi.Output<ConnectionArgs>> = {};
    for (const [machineName, address] of Object.entries(args.machines)) {
      const machine = new LabMachine(
        machineName,
        {
          lab: name,
          name: machineName,
          address,
          bridge: network.bridge,
          base: args.base,
          system: args.systems?.[machineName],
        },
        { parent: this },
      );
      machines[machineName] = machine;
      connections[machineName] = pulumi
        .all([machine.hostKey, network.identityFile])
        .apply(([hostKey, identityFile]) => ({ address, hostKey, identityFile }));
    }
    this.machines = machines;
    this.connections = connections;
    this.end({ connections });
  }
}
