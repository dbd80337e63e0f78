import { isIPv4 } from 'node:net';
import * as z from 'zod';
import { builders } from './builder.ts';
import { cacheConfig } from './cache-config.ts';
import { connectionProblems, machineSettings, sharedSettings, sshKeys } from './connection.ts';
import { deploymentSettings } from './deployment.ts';
import { diskInstallConfig } from './disk-install.ts';
import { hostHardwareConfig } from './hardware-config.ts';
import { hostBuilders } from './host-builders.ts';
import { hostCommands } from './host-command.ts';
import { imageConfig } from './image.ts';
import { rehearsalSettings } from './rehearsal.ts';
import { rolloutConfig } from './rollout.ts';
import { hostSecret } from './secret.ts';
import { sshForward, virtualMachineConfig } from './virtual-machine.ts';
import { namingDefault, withoutDefaults } from './without-defaults.ts';

/** Of something that the stack makes: a file, a folder or a host name on this computer. */
const ownName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be a host name of lower-case letters, digits and hyphens',
  );

/** Of a machine, which often is its full domain name. It becomes part of resource names, file names and arguments. */
const hostName = z
  .string()
  .regex(
    /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,126}[A-Za-z0-9_])?$/,
    'must be of letters, digits and _.- (at most 128, the first and the last a letter, a digit or _); for another attribute of nixosConfigurations, set the host’s `configuration`',
  )
  .refine(
    (name) => !(name in Object.prototype),
    'every object of JavaScript has a property of this name: choose another one, and set the host’s `configuration`',
  );

/** A deployment's settings that several machines can share. */
const { specialisation, healthChecks, ...sharedDeployment } = deploymentSettings.shape;
const deploymentDefaults = withoutDefaults(sharedDeployment, namingDefault);

/** What can be set once for all hosts under `defaults`, and again for one. */
const hostDefaults = z.strictObject({
  ...withoutDefaults(sharedSettings, namingDefault),
  ...deploymentDefaults,
  builders: z
    .union([z.boolean(), z.array(builders.keyType)])
    .optional()
    .describe(
      'Whether what the machine itself builds is built with the stack’s builders, or with which of them; see docs/builders.md. Default: false.',
    ),
  allowUnbootableKernel: z
    .boolean()
    .optional()
    .describe(
      'Whether a kernel whose configuration cannot boot any machine is a warning instead of an error. Default: false.',
    ),
  groupSecrets: z
    .boolean()
    .optional()
    .describe(
      'Whether the secrets of a machine are one resource instead of one each: quicker where there are many; see docs/secrets.md. Default: false.',
    ),
  delivery: deploymentDefaults.delivery.describe(
    `${deploymentSettings.shape.delivery.description} Default: auto; copy if the stack has no caches.`,
  ),
});

const host = hostDefaults.extend({
  ...machineSettings,
  address: machineSettings.address
    .unwrap()
    .optional()
    .describe('Address of the machine. Default: its name; localhost with local.'),
  description: z
    .string()
    .regex(/^[^\0\r\n]{1,200}$/, 'must be one line of at most 200 characters')
    .optional()
    .describe('What the machine is for, shown by `npm run status` and in the output `machines`.'),
  tags: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'must be of letters, digits and _.- (at most 63)'),
    )
    .optional()
    .describe('Names by which `npm run fleet -- up --on @tag` selects the host.'),
  configuration: z
    .string()
    .min(1)
    .optional()
    .describe('Attribute under nixosConfigurations. Default: the host’s name.'),
  ...withoutDefaults({ specialisation, healthChecks }),
  secrets: z
    .record(z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'must be a file’s name'), hostSecret)
    .optional()
    .describe('Files whose content enters no Nix store, by name; see docs/secrets.md.'),
  commands: hostCommands.optional(),
  lab: z
    .boolean()
    .default(false)
    .describe('Whether the stack creates the machine, as a container of its lab.'),
  rehearse: z
    .union([z.boolean(), rehearsalSettings])
    .optional()
    .describe(
      'Whether a new system is first booted in a temporary virtual machine on the operator’s computer, where the ssh login must work and the health checks must pass; or the settings of that machine.',
    ),
  hardwareConfig: z
    .union([z.boolean(), hostHardwareConfig])
    .optional()
    .describe(
      'Whether the machine’s hardware is detected and written to a file of the flake; or how. See docs/hardware.md.',
    ),
  virtualMachine: z
    .union([z.boolean(), ownName])
    .optional()
    .describe(
      'Whether the machine is one of `virtualMachines`: the one with its own name, or the name of another.',
    ),
});

const cidr = z
  .string()
  .refine((text) => {
    const [address = '', bits = ''] = text.split('/');
    return isIPv4(address) && /^\d+$/.test(bits) && Number(bits) === 24 && address.endsWith('.0');
  }, 'must be an IPv4 network with 24 bits, such as 10.213.7.0/24')
  .describe('Address range of the lab; nothing is routed out of it.');

/** What is wrong with a host that is a virtual machine of the stack: key to message. */
function virtualHostProblems(
  name: string,
  host: HostConfig,
  { virtualMachines }: { virtualMachines: Record<string, z.infer<typeof virtualMachineConfig>> },
): Record<string, string> {
  const machineName = host.virtualMachine === true ? name : String(host.virtualMachine);
  const machine = virtualMachines[machineName];
  const problems: Record<string, string> = {};
  if (!machine)
    problems.virtualMachine = ownName.safeParse(machineName).success
      ? `needs the key virtualMachines.${machineName}`
      : `must name a key of virtualMachines, since ${machineName} cannot be one`;
  else if (!sshForward(machine))
    problems.virtualMachine = `needs a port in virtualMachines.${machineName}.forwardPorts that leads to its port 22`;
  for (const key of ['address', 'port', 'hostKey'] as const) {
    if (host[key] !== undefined) problems[key] = 'comes from the virtual machine: leave it out';
  }
  if (host.lab) problems.lab = 'cannot be set with virtualMachine';
  return problems;
}

/** The stack’s config: the keys of `Pulumi.<stack>.yaml` under the project’s namespace. */
export const stackConfig = z
  .strictObject({
    flake: z.string().min(1).default('./nix').describe('Flake that defines the machines’ systems.'),
    overrideInputs: z
      .record(z.string(), z.string())
      .default({})
      .describe('Inputs of the flake to take from elsewhere: name to flake reference.'),
    inputMaxAgeDays: z
      .number()
      .positive()
      .optional()
      .describe('Age in days from which a preview warns about an input of the flake. Default: no warning.'),
    hosts: z.record(hostName, host).default({}).describe('The machines of this stack, by name.'),
    defaults: hostDefaults.default({}).describe('Settings for all hosts that do not set their own.'),
    lab: z
      .strictObject({
        network: cidr.optional(),
        system: z
          .enum(['auto', 'nixos', 'imitation'])
          .default('auto')
          .describe(
            'What new containers of the lab run: `nixos` is real NixOS, whose packages this computer’s Nix fetches, `imitation` Debian’s packages behind NixOS’s activation interface, `auto` NixOS where a binary cache of this computer’s Nix has its packages. Existing ones stay as they are.',
          ),
        kernels: z
          .boolean()
          .default(false)
          .describe(
            'Whether a machine’s kernel is built from source (`pkgs.linux_tiny`, `pkgs.buildLinux`); fetches the source and a compiler, 216 MB.',
          ),
      })
      .optional()
      .describe(
        'For a flake that uses the lab’s packages, which are fetched. With a network, the stack also creates and removes machines on the operator’s computer.',
      ),
    rollout: rolloutConfig
      .optional()
      .describe('In which waves the hosts are deployed to; see docs/rollouts.md. Default: all at once.'),
    caches: z
      .record(ownName, cacheConfig)
      .default({})
      .describe('Binary caches that the machines fetch from, by name; see docs/caches.md.'),
    images: z.record(ownName, imageConfig).default({}).describe('Disk images, by name; see docs/images.md.'),
    diskInstalls: z
      .record(hostName, diskInstallConfig)
      .default({})
      .describe(
        'Images that are written onto disks of machines, each under its machine’s name; see docs/disk-installs.md.',
      ),
    builders: builders
      .default({})
      .describe(
        'Machines that build for this computer and for the stack’s machines, by name; see docs/builders.md.',
      ),
    virtualMachines: z
      .record(ownName, virtualMachineConfig)
      .default({})
      .describe(
        'Virtual machines on the operator’s own computer, by name, created and removed by this stack.',
      ),
    checkLive: z
      .boolean()
      .default(true)
      .describe(
        'Whether a preview reads from all machines at once whether they run what was deployed last; false is faster.',
      ),
    kernelPreview: z
      .enum(['evaluate', 'configure'])
      .default('evaluate')
      .describe(
        'What a preview shows of kernels: `evaluate` the symbols that their configurations set, `configure` the whole .config, by running Kconfig without compiling, and the symbols that Kconfig changed.',
      ),
    evaluationMemoryMiB: z
      .int()
      .min(256)
      .optional()
      .describe('Memory for the whole evaluation. Default: what is available.'),
  })
  .superRefine((config, context) => {
    for (const [name, { host }] of Object.entries(config.caches)) {
      if (host === undefined || host in config.hosts) continue;
      const message = `is '${host}', which is no machine of this stack`;
      context.addIssue({ code: 'custom', path: ['caches', name, 'host'], message });
    }
    const { hosts, virtualMachines, images, diskInstalls } = config;
    if (Object.keys({ ...hosts, ...virtualMachines, ...images, ...diskInstalls }).length === 0)
      context.addIssue({ code: 'custom', path: ['hosts'], message: 'names no machine' });
    for (const [name, { image }] of Object.entries(config.virtualMachines)) {
      if (image === undefined || image.startsWith('/') || image in config.images) continue;
      const message = `is '${image}', which is neither an absolute path nor one of images`;
      context.addIssue({ code: 'custom', path: ['virtualMachines', name, 'image'], message });
    }
    for (const [name, { image, virtualMachine }] of Object.entries(diskInstalls)) {
      const problem = (key: string, message: string) =>
        context.addIssue({ code: 'custom', path: ['diskInstalls', name, key], message });
      if (!image.startsWith('/') && !(image in images))
        problem('image', `is '${image}', which is neither an absolute path nor one of images`);
      if (virtualMachine !== undefined && !(virtualMachine in virtualMachines))
        problem('virtualMachine', `needs the key virtualMachines.${virtualMachine}`);
    }
    const seen = new Map<string, string>();
    for (const [name, host] of Object.entries(config.hosts)) {
      const settings = withDefaults(host, config.defaults);
      const { local, lab, address = local ? 'localhost' : name, port = 22 } = settings;
      const problem = (path: string, message: string) =>
        context.addIssue({ code: 'custom', path: ['hosts', name, path], message });
      if (!lab) for (const [key, message] of connectionProblems(settings)) problem(key, message);
      if (local && (lab || host.virtualMachine))
        problem('local', 'goes with neither lab nor virtualMachine, whose machines are entered by ssh');
      for (const message of hostBuilders({ ...settings, address }, config.builders).problems)
        problem('builders', message);
      if (host.virtualMachine) {
        for (const [path, message] of Object.entries(virtualHostProblems(name, host, config)))
          problem(path, message);
        continue;
      }
      const other = seen.get(`${address}:${port}`);
      if (other) problem('address', `is ${address}, port ${port}, which is ${other}’s already`);
      seen.set(`${address}:${port}`, name);
      if (!lab) continue;
      if (!ownName.safeParse(name).success)
        problem('lab', 'needs a machine’s name of lower-case letters, digits and hyphens, at most 63');
      const network = config.lab?.network;
      if (!network) problem('lab', 'needs the key lab with a network');
      const prefix = network?.replace(/0\/24$/, '');
      // An invalid network has an error of its own.
      if (!prefix || prefix === network) continue;
      if (!isIPv4(address) || !address.startsWith(prefix) || /\.(0|1|255)$/.test(address))
        problem('address', `must be an address in the lab’s network, from ${prefix}2 to ${prefix}254`);
    }
  });

export type StackConfig = z.infer<typeof stackConfig>;
export type HostConfig = z.infer<typeof host>;

/**
 * A host's own settings over the defaults. Of these, what is ssh's is not for a machine that is entered without it, and where ssh
 * answers not for a virtual machine, which has its own port.
 */
export function withDefaults(host: HostConfig, defaults: StackConfig['defaults']): HostConfig {
  const others: readonly string[] = host.local ? sshKeys : host.virtualMachine ? ['port'] : [];
  const meant = Object.entries(defaults).filter(([key]) => !others.includes(key));
  return { ...Object.fromEntries(meant), ...host };
}
