import * as z from 'zod';
import { builder } from './builder.ts';
import { connection } from './connection.ts';
import { claim, takeOverFrom } from './ownership.ts';

/** A builder as a machine's root logs in there. */
export const machineBuilder = builder.omit({ machineUser: true, machineIdentityFile: true }).extend({
  identityFile: builder.shape.machineIdentityFile
    .unwrap()
    .describe('Private key file on the machine, for root to read.'),
});
export type MachineBuilder = z.output<typeof machineBuilder>;

/** Where the builders of a machine are written down; the module `nix-settings` includes it in nix.conf. */
export const buildersFile = '/var/lib/nixos-fleet/nix-builders.conf';

/** Inputs of `nixos:index:MachineBuilders`: the builders that one machine's own Nix builds with. */
export const machineBuildersInputs = z.object({
  host: z.string().describe('Name of the machine in the stack’s config.'),
  connection,
  builders: z.record(z.string(), machineBuilder).describe('The builders, by name.'),
  machineId: z
    .string()
    .optional()
    .describe('Machine-id that the machine must have. Without it, the first machine reached is adopted.'),
  takeOverFrom,
});
export type MachineBuildersInputs = z.output<typeof machineBuildersInputs>;

/** State of `nixos:index:MachineBuilders`. */
export const machineBuildersState = machineBuildersInputs.extend({
  content: z
    .enum(['in-place', 'changed', 'absent'])
    .describe('Whether the file on the machine holds them; `changed` where it was edited by other means.'),
  claim,
});
