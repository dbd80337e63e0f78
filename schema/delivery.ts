import * as z from 'zod';
import { connection } from './connection.ts';
import { deploymentSettings } from './deployment.ts';

/** Inputs of `nixos:index:Delivery`: a system that is in a machine's store before anything is switched. */
export const deliveryInputs = z.object({
  host: z.string().describe('Name of the machine in the stack’s config.'),
  connection,
  system: z.string().describe('Store path of the system.'),
  drvPath: z
    .string()
    .optional()
    .describe('Derivation of the system, from which it is built again if this computer no longer has it.'),
  machineId: z.string().optional().describe('Machine-id that the machine must have. Default: any.'),
  delivery: deploymentSettings.shape.delivery,
});
export type DeliveryInputs = z.output<typeof deliveryInputs>;
