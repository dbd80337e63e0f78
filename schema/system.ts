import * as z from 'zod';
import { buildersText } from './builder.ts';

/** Inputs of `nixos:index:System`: the system closure of one machine, to be built on the operator's computer. */
export const systemInputs = z.object({
  host: z.string().describe('Name of the machine in the stack’s config.'),
  drvPath: z.string().describe('Derivation of the toplevel, as evaluated.'),
  outPath: z.string().describe('Store path of the toplevel.'),
  builders: buildersText,
});
export type SystemInputs = z.infer<typeof systemInputs>;

/** State of `nixos:index:System`: the inputs, and where the built closure is kept from garbage collection. */
export const systemState = systemInputs.omit({ builders: true }).extend({
  gcRoot: z.string().describe('Link on the operator’s computer that keeps the closure.'),
});
export type SystemState = z.infer<typeof systemState>;
