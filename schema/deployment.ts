import * as z from 'zod';
import { connection } from './connection.ts';
import { factsText } from './facts.ts';
import { healthCheck } from './health-check.ts';
import { claim, takeOverFrom } from './ownership.ts';

/** Ways in which a new system can lock its deployer out. */
const lockoutReasons = [
  'sshd',
  'port',
  'firewall',
  'user',
  'key',
  'wheel',
  'rootLogin',
  'nix',
  'switch',
] as const;
export type LockoutReason = (typeof lockoutReasons)[number];

/** How a machine is deployed to: what a user sets for a host. */
export const deploymentSettings = z.object({
  action: z
    .enum(['switch', 'boot', 'test', 'dry-activate'])
    .default('switch')
    .describe(
      'What is done with the system: `switch` makes it live and boots it from now on, `boot` only the latter, `test` only the former; `dry-activate` shows what a switch would do, and changes nothing.',
    ),
  via: z
    .enum(['supervisor', 'nixos-rebuild'])
    .default('supervisor')
    .describe(
      'What makes the switch: the supervisor on the machine, or `nixos-rebuild` on this computer, without confirmation and rollback; docs/reliability.md lists what is lost.',
    ),
  specialisation: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'must be the name of a specialisation')
    .optional()
    .describe(
      'Specialisation of the system that is made live; the boot loader starts the system itself. Default: none.',
    ),
  installBootLoader: z
    .boolean()
    .default(false)
    .describe('Whether the boot loader itself is installed again, not only its menu.'),
  profile: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'must be the name of a profile')
    .default('system')
    .describe(
      'Profile that takes the generation: `system`, or one of /nix/var/nix/profiles/system-profiles, which has a submenu of its own in the boot loader.',
    ),
  reboot: z
    .enum(['never', 'when-needed', 'always'])
    .default('never')
    .describe(
      'Whether the machine is rebooted after a deployment that changed it: `when-needed` where its kernel, initrd, kernel modules or kernel parameters are not the booted ones, or where the system refuses to be switched to while the machine runs.',
    ),
  rebootBy: z
    .enum(['firmware', 'kexec'])
    .default('firmware')
    .describe(
      'How a machine is rebooted on trial: through its firmware and boot loader, or faster by `kexec`, which starts the new kernel from the running one. Both have the same way back: after a failure the firmware starts the previous system.',
    ),
  trial: z
    .enum(['when-possible', 'required', 'never'])
    .default('when-possible')
    .describe(
      'Whether a new system is booted once on trial, and becomes the boot loader’s default only when it was confirmed: after a kernel that does not come up, the previous system boots. `when-possible` warns where the machine’s boot loader cannot do it, `required` refuses.',
    ),
  rebootTimeoutSeconds: z
    .int()
    .min(30)
    .max(86400)
    .default(600)
    .describe('Seconds within which a machine that was rebooted must be back, healthy, on the right system.'),
  confirmTimeoutSeconds: z
    .int()
    .min(10)
    .max(3600)
    .default(120)
    .describe(
      'Seconds after activation within which the operator must confirm; else the machine rolls back.',
    ),
  activationTimeoutSeconds: z
    .int()
    .min(10)
    .max(86400)
    .default(600)
    .describe('Seconds after which an activation that hangs is ended, and the machine rolls back.'),
  unitFailures: z
    .enum(['rollback', 'accept'])
    .default('rollback')
    .describe(
      'What happens when units fail that did not fail before: `rollback` rolls the machine back, `accept` keeps the new system with a warning.',
    ),
  allowLockout: z
    .union([z.boolean(), z.array(z.enum(lockoutReasons))])
    .default(false)
    .describe(
      'Which ways of locking the deployer out are accepted: those listed, or with `true` all. Reasons: `sshd` (off), `port` (moved), `firewall` (closed), `user`, `key`, `wheel` (dropped), `rootLogin` (refused), `nix`, `switch` (disabled); see docs/guards.md.',
    ),
  healthChecks: z
    .record(z.string(), healthCheck)
    .default({})
    .describe(
      'What must hold under the new system before it is confirmed, by name; else the machine rolls back.',
    ),
  onDrift: z
    .enum(['overwrite', 'fail'])
    .default('overwrite')
    .describe(
      'What an update does where the machine runs neither the recorded nor the desired system: `overwrite` goes on with a warning, `fail` refuses before anything changes.',
    ),
  takeOverFrom,
  delivery: z
    .enum(['copy', 'substitute', 'auto'])
    .default('copy')
    .describe(
      'How the closure comes to the machine: `copy` sends it, `substitute` has the machine fetch it from its binary caches and from nowhere else, `auto` does that where they have it all and sends the rest where they do not.',
    ),
  keepGenerations: z
    .strictObject({
      count: z.int().min(1).optional().describe('How many of the newest stay.'),
      days: z.int().min(1).optional().describe('For how many days each stays.'),
    })
    .refine(({ count, days }) => count !== undefined || days !== undefined, 'must have count or days')
    .optional()
    .describe(
      'Which generations stay on the machine after a confirmed deployment: those that either rule keeps, and always the live, the booted, the next and the previous one. Default: all.',
    ),
  collectGarbage: z
    .boolean()
    .default(false)
    .describe('Whether garbage in the machine’s store is collected after a confirmed deployment.'),
});
/** The same as a program gives it: what has a default may be left out. */
export type DeploymentSettings = z.input<typeof deploymentSettings>;

/** Inputs of `nixos:index:Deployment`: which system one machine runs. */
export const deploymentInputs = deploymentSettings.extend({
  host: z.string().describe('Name of the machine in the stack’s config.'),
  connection,
  system: z.string().describe('Store path of the system to run (toplevel).'),
  drvPath: z
    .string()
    .optional()
    .describe(
      'Derivation of the system. With it, a system that this computer no longer has is built again when it is needed.',
    ),
  revision: z
    .string()
    .default('')
    .describe('Revision of the flake the system comes from; empty where unknown.'),
  facts: factsText
    .optional()
    .describe('Facts of the system, as JSON; absent for one that was not deployed by nixos-fleet.'),
  machineId: z
    .string()
    .optional()
    .describe(
      'Machine-id that the machine must have. Where it changes, the deployment is replaced. Without it, the first machine reached is adopted.',
    ),
});
export type DeploymentInputs = z.output<typeof deploymentInputs>;

/** What was read from the machine itself. */
const liveState = z.object({
  system: z
    .string()
    .describe('The live system (/run/current-system), also where a specialisation of it is live.'),
  specialisation: z.string().describe('The live specialisation of that system; empty where it is itself.'),
  profileSystem: z.string().describe('What the system profile points to: the system of the next boot.'),
  generation: z.int().describe('Number of the profile’s generation; 0 where there is none.'),
  booted: z.string().describe('/run/booted-system'),
  kernel: z.string().describe('Running kernel (uname -r).'),
  rebootDue: z
    .boolean()
    .describe('Whether kernel, initrd, modules or parameters differ from the booted ones.'),
  bootId: z.string().describe('/proc/sys/kernel/random/boot_id'),
  machineId: z.string().describe('/etc/machine-id'),
  revision: z.string().describe('Revision that was deployed; empty for a foreign system.'),
  since: z.string().describe('When the live system was activated: ISO 8601, UTC.'),
  history: z
    .string()
    .describe('The newest deployments, one a line, the last one first: when, by whom, what, result.'),
});
export type LiveState = z.infer<typeof liveState>;

/**
 * State of `nixos:index:Deployment`. Its facts are there only where they are not those of the inputs: after a failure
 * the inputs hold what was desired, the state what the machine runs.
 */
export const deploymentState = deploymentInputs.extend({ live: liveState, claim });
export type DeploymentState = z.infer<typeof deploymentState>;
