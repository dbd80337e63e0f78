import type * as z from 'zod';
import type { machineBuilder } from '../schema/machine-builders.ts';
import type { ConnectionArgs } from './connection.ts';
import * as pulumi from './pulumi.ts';
import { registered } from './resource-args.ts';

export interface MachineBuildersArgs {
  host: string;
  connection: pulumi.Input<ConnectionArgs>;
  /** Machine-id that the machine must have; without it, the first machine reached is adopted. */
  machineId?: pulumi.Input<string | undefined>;
  /** Stack, as PROJECT/STACK, whose file may be taken over. */
  takeOverFrom?: pulumi.Input<string | undefined>;
  /** The builders, by name; settings with a default may be left out. */
  builders: Record<string, z.input<typeof machineBuilder>>;
}

/** The builders of one machine's Nix, with their host keys. */
export class MachineBuilders extends pulumi.CustomResource {
  constructor(name: string, args: MachineBuildersArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:MachineBuilders', name, registered(args), options);
  }
}
