import * as z from 'zod';
import { connection } from './connection.ts';
import { deploymentState } from './deployment.ts';
import { factsText, kernelFacts } from './facts.ts';

/** Arguments of `nixos:index:evaluate`. */
export const evaluateArgs = z.strictObject({
  flake: z
    .string()
    .min(1)
    .default('./nix')
    .describe('Flake that defines the machines’ systems; a relative path begins at the project’s folder.'),
  overrideInputs: z
    .record(z.string(), z.string())
    .default({})
    .describe('Inputs of the flake to take from elsewhere: name to flake reference.'),
  hosts: z
    .record(z.string(), z.string().min(1))
    .describe('The machines: name to attribute under nixosConfigurations.'),
  allowUnbootableKernel: z
    .array(z.string())
    .default([])
    .describe('Machines whose kernel may be one that cannot boot them: a warning instead of an error.'),
  memoryMiB: z
    .int()
    .min(256)
    .optional()
    .describe('Memory for the whole evaluation. Default: what is available.'),
});
export type EvaluateArgs = z.output<typeof evaluateArgs>;

/** A machine's system as it was evaluated. */
export const evaluatedHost = z.object({
  drvPath: z.string().describe('Derivation of the system (toplevel).'),
  outPath: z.string().describe('Store path of the system (toplevel).'),
  facts: factsText.describe(
    'Facts of the system, as JSON: packages, units, users, ports; see docs/reference.md.',
  ),
  kernel: z
    .string()
    .optional()
    .describe('Derivation of its kernel, a key of `kernels`; none in a container.'),
  revision: z.string().describe('Revision of the flake; empty where unknown.'),
  warnings: z.array(z.string()).describe('Warnings of the configuration, and about its kernel.'),
});

/** What `nixos:index:evaluate` returns. */
export const evaluateResult = z.object({
  hosts: z.record(z.string(), evaluatedHost).describe('The machines that could be evaluated.'),
  errors: z.record(z.string(), z.string()).describe('The others: why they could not.'),
  kernels: z.record(z.string(), kernelFacts).describe('The machines’ kernels, by derivation.'),
  revision: z
    .string()
    .describe('Revision of the flake, with -dirty where its tree differs; empty where unknown.'),
});
export type EvaluateResult = z.output<typeof evaluateResult>;

/** Arguments of `nixos:index:machine`. */
export const machineArgs = z.strictObject({
  connection: connection.describe('How the machine is entered.'),
  profile: z.string().default('system').describe('Profile whose generation is read.'),
});
export type MachineArgs = z.output<typeof machineArgs>;

/** What `nixos:index:machine` returns: what `live` of a deployment is. */
export const machineResult = deploymentState.shape.live;

export const versionResult = z.object({ version: z.string().describe('Version of this package.') });
