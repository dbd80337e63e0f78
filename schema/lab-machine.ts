import * as z from 'zod';
import { labName } from './lab-network.ts';

/** Inputs of `nixos:index:LabMachine`: a machine on the operator's computer, as a systemd-nspawn container. */
export const labMachineInputs = z.object({
  lab: labName,
  name: z
    .string()
    .regex(
      /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
      'must be a host name of lower-case letters, digits and hyphens',
    )
    .describe('Name of the machine, unique in its lab.'),
  address: z.ipv4().describe('Its static address in the lab’s network.'),
  bridge: z.string().describe('The lab’s bridge, as LabNetwork gives it: the network comes first.'),
  base: z
    .string()
    .describe(
      'Root file system that its own is copied from when it is made. A change alone is none: machines stay.',
    ),
  system: z
    .object({
      drvPath: z.string().describe('Derivation of the toplevel.'),
      outPath: z.string().describe('Store path of the toplevel.'),
    })
    .optional()
    .describe(
      'NixOS system that is installed into its root file system when it is made, in place of a copy of the base. A change alone is none.',
    ),
});
export type LabMachineInputs = z.infer<typeof labMachineInputs>;

/** State of `nixos:index:LabMachine`: the inputs, the machine's identity, and whether it runs. */
export const labMachineState = labMachineInputs.extend({
  hostKey: z.string().describe('Its public ssh host key, made with it.'),
  machineId: z.string().describe('Its machine-id, made with it.'),
  running: z.boolean().describe('Whether it runs.'),
  pid: z.int().optional().describe('Process that keeps it running.'),
  startedAt: z.string().optional().describe('When that process started (ISO 8601, UTC).'),
  root: z.string().describe('Its root file system on this computer.'),
  console: z.string().describe('File with all output of its console.'),
});
export type LabMachineState = z.infer<typeof labMachineState>;
