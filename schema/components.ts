import * as z from 'zod';
import { builders } from './builder.ts';
import { connection } from './connection.ts';
import { deploymentSettings, deploymentState } from './deployment.ts';
import { labMachineInputs } from './lab-machine.ts';
import { labNetworkInputs } from './lab-network.ts';
import { machineBuilder } from './machine-builders.ts';
import { evaluateArgs, evaluatedHost } from './provider-functions.ts';
import { rolloutInputs } from './rollout.ts';
import { secretFile, secretInputs } from './secret.ts';
import { namingDefault, withoutDefaults } from './without-defaults.ts';

/** A secret of a machine, as programs in any language give it. */
export const componentSecret = z.strictObject({
  ...secretFile.shape,
  path: secretFile.shape.path
    .optional()
    .describe('Path of the file on the machine. Default: /run/keys/<name>.'),
  value: secretInputs.shape.value,
  when: secretInputs.shape.when.describe(
    'Whether the file is written before the machine’s deployment or after it. Default: before.',
  ),
});

const { healthChecks, ...settings } = deploymentSettings.shape;

/** A machine, without its system. */
const componentHost = {
  connection: connection.describe('How the machine is entered.'),
  machineId: z
    .string()
    .optional()
    .describe('Machine-id that the machine must have. Default: the first machine reached is adopted.'),
  ...withoutDefaults(settings, namingDefault),
  ...withoutDefaults({ healthChecks }),
  secrets: z
    .record(z.string(), componentSecret)
    .optional()
    .describe('Files whose content enters no Nix store, by name.'),
  groupSecrets: z
    .boolean()
    .optional()
    .describe('Whether the secrets are one resource instead of one each. Default: false.'),
  machineBuilders: z
    .record(z.string(), machineBuilder)
    .optional()
    .describe('Builders for builds that the machine itself starts, by name.'),
};

const declaredBuilders = builders.optional().describe('Machines that may build the systems, by name.');

/** Arguments of `nixos:index:Host` in languages other than TypeScript. */
export const hostArgs = z.strictObject({
  ...componentHost,
  evaluated: evaluatedHost.describe('The system: one of `hosts` that the function evaluate returned.'),
  builders: declaredBuilders,
});
export type HostArgs = z.output<typeof hostArgs>;

export const hostOutputs = z.object({ live: deploymentState.shape.live.describe('What the machine runs.') });

/** A machine of a fleet; its configuration comes from the flake. */
export const fleetHost = z.strictObject({
  ...componentHost,
  configuration: z
    .string()
    .optional()
    .describe('Attribute under nixosConfigurations. Default: the host’s name.'),
  description: z.string().optional().describe('What the machine is for, shown in the output `machines`.'),
  allowUnbootableKernel: z
    .boolean()
    .optional()
    .describe(
      'Whether a kernel that cannot boot any machine is a warning instead of an error. Default: false.',
    ),
});

/** Arguments of `nixos:index:Fleet` in languages other than TypeScript. */
export const fleetArgs = evaluateArgs.omit({ hosts: true, allowUnbootableKernel: true }).extend({
  hosts: z
    .record(z.string(), fleetHost)
    .describe('The machines, by name. The names must be known in a preview.'),
  rollout: rolloutInputs
    .pick({ stage: true, waves: true })
    .optional()
    .describe('In which waves the machines are deployed to. Default: all at once.'),
  builders: declaredBuilders,
});
export type FleetArgs = z.output<typeof fleetArgs>;

const machineSummary = z.object({
  description: z.string().optional().describe('The machine’s purpose.'),
  generation: z.int().describe('Generation of the system profile.'),
  system: z.string().describe('Store path of the live system.'),
  specialisation: z.string().describe('Live specialisation; empty for none.'),
  booted: z.string().describe('Store path of the booted system.'),
  kernel: z.string().describe('Version of the running kernel.'),
  rebootDue: z.boolean().describe('Whether a reboot is due.'),
  revision: z.string().describe('Revision of the flake that was deployed.'),
  since: z.string().describe('When the live system was activated: ISO 8601, UTC.'),
  services: z.array(z.string()).describe('Services that the configuration enables, without `.service`.'),
});

export const fleetOutputs = z.object({
  machines: z.record(z.string(), machineSummary).describe('What each machine runs.'),
  history: z
    .record(z.string(), z.array(z.string()))
    .describe('The latest deployments of each machine by anyone, newest first, as text.'),
});

const { address } = labMachineInputs.shape;

/** Arguments of `nixos:index:Lab` in languages other than TypeScript. */
export const labArgs = z.strictObject({
  network: labNetworkInputs.shape.cidr.describe('Address range with 24 bits, such as 10.213.7.0/24.'),
  base: labMachineInputs.shape.base,
  machines: z
    .record(z.string(), labMachineInputs.shape.address)
    .describe('The machines: name to address in the network. All must be known in a preview.'),
});
export type LabArgs = z.output<typeof labArgs>;

export const labOutputs = z.object({
  connections: z
    // Pulumi's YAML cannot assign a setting that is one of several texts, which a connection has, to another.
    .record(z.string(), z.object({ address, hostKey: z.string(), identityFile: z.string() }))
    .describe('How each machine is entered, for hosts.'),
});
