import type { VirtualMachineConfig } from '../schema/virtual-machine.ts';
import { Component, changesNoMachine } from './component.ts';
import type { ConnectionArgs } from './connection.ts';
import type * as pulumi from './pulumi.ts';
import { System } from './system.ts';
import { VirtualMachine } from './virtual-machine.ts';

export interface VirtualMachinesArgs {
  /** Settings by name, as in the stack's config. */
  machines: Readonly<Record<string, VirtualMachineConfig>>;
  /** The file of one of the stack's disk images. */
  imagePath(image: string): pulumi.Input<string>;
  /** Evaluated `config.system.build.vm`, for those with a configuration; if its evaluation failed, the machine is skipped. */
  systems: Readonly<Record<string, { drvPath: string; outPath: string }>>;
}

/** The stack's virtual machines. For one with a configuration, the system is built first. */
export class VirtualMachines extends Component {
  readonly machines: Readonly<Record<string, VirtualMachine>>;

  constructor(
    name: string,
    { machines, systems, imagePath }: VirtualMachinesArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super('VirtualMachines', name, options);
    const made = Object.entries(machines).flatMap(([machine, { configuration, ...settings }]) => {
      const evaluated = systems[machine];
      if (configuration !== undefined && !evaluated) return [];
      const system =
        evaluated &&
        new System(`${machine}-vm`, { host: machine, ...evaluated }, { parent: this, ...changesNoMachine });
      const args = {
        ...settings,
        stack: name,
        name: machine,
        system: system ? system.outPath : settings.system,
        image: settings.image?.startsWith('/') === false ? imagePath(settings.image) : settings.image,
      };
      return [[machine, new VirtualMachine(machine, args, { parent: this })] as const];
    });
    this.machines = Object.fromEntries(made);
    this.end({});
  }

  /** Connection of a host that is one of the machines; the host's own settings, except the address, come first. */
  connectionOf(
    machine: string | undefined,
    given: ConnectionArgs,
  ): pulumi.Output<ConnectionArgs> | undefined {
    const { address: _, ...own } = given;
    return this.machines[machine ?? '']?.connection.apply((connection) => ({ ...connection, ...own }));
  }
}
