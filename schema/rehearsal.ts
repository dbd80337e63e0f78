import * as z from 'zod';
import { connection } from './connection.ts';
import { healthCheck } from './health-check.ts';
import { virtualMachineSettings } from './virtual-machine.ts';

/** How a system is tried in a virtual machine before its machine is touched. */
export const rehearsalSettings = z.strictObject({
  cores: virtualMachineSettings.shape.cores,
  memoryMiB: virtualMachineSettings.shape.memoryMiB,
  startTimeoutSeconds: virtualMachineSettings.shape.startTimeoutSeconds.describe(
    'Seconds until ssh must answer in the virtual machine.',
  ),
});

/** Inputs of `nixos:index:Rehearsal`: one system that is booted in a throw-away virtual machine. */
export const rehearsalInputs = rehearsalSettings.extend({
  stack: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be letters, digits, dots, hyphens and underscores')
    .describe('The stack’s name, which its virtual machines are named by.'),
  host: z.string().describe('Name of the machine in the stack’s config.'),
  address: connection.shape.address.describe('Address of the machine, which its health checks may name.'),
  drvPath: z.string().describe('Derivation of its `config.system.build.vm`.'),
  outPath: z.string().describe('Store path of its `config.system.build.vm`.'),
  sshPort: z.int().min(1).max(65535).default(22).describe('Port of sshd in the system.'),
  user: connection.shape.user,
  identityFile: z
    .string()
    .optional()
    .describe('Private key file to log in with. Default: a key created for the virtual machine.'),
  healthChecks: z
    .record(z.string(), healthCheck)
    .default({})
    .describe('What must hold in the virtual machine, by name; a login by ssh is always required.'),
});
export type RehearsalInputs = z.output<typeof rehearsalInputs>;

/** State of `nixos:index:Rehearsal`: what was seen. */
export const rehearsalState = rehearsalInputs.extend({
  rehearsedAt: z.string().describe('When: ISO 8601, UTC.'),
  kernel: z.string().describe('Kernel that ran (uname -r).'),
  seconds: z.int().describe('Seconds from the start until ssh answered.'),
});
export type RehearsalState = z.infer<typeof rehearsalState>;
