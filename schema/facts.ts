import * as z from 'zod';

const switching = z.object({
  release: z.string().describe('system.nixos.release, whose switch-to-configuration it is.'),
  systemd: z.string().describe('Digest of the store path of systemd.'),
  systemConf: z.string().describe('Digest of system.conf with its store paths.'),
  packages: z
    .record(z.string(), z.string())
    .describe('systemd.packages, whose units are files: name to a digest of the store paths.'),
  units: z
    .record(z.string(), z.string())
    .describe(
      'Units, those of users as user/NAME: a digest of the text with store paths, and what else counts.',
    ),
  mounts: z.record(z.string(), z.string()).describe('fstab: mount point to digests of device and options.'),
  swaps: z.record(z.string(), z.boolean()).describe('fstab: swap devices.'),
  activationLists: z
    .boolean()
    .optional()
    .describe('Whether activation scripts name units to restart or to reload.'),
});

export type Switching = z.infer<typeof switching>;

/**
 * What a preview shows of a machine's configuration. Maps throughout, never arrays, so that each entry has a
 * stable path of its own in Pulumi's diff (`facts.packages.jq: "1.6" => "1.7"`).
 */
export const hostFacts = z.object({
  nixosLabel: z.string().describe('system.nixos.label'),
  stateVersion: z.string().describe('system.stateVersion'),
  platform: z.string().describe('Nix system of the machine, such as x86_64-linux.'),
  container: z.boolean().describe("Whether the machine runs its host's kernel (boot.isContainer)."),
  kernel: z
    .object({
      version: z.string().describe('Kernel version; "host" where the system brings none: a container, WSL.'),
      modDirVersion: z.string(),
      build: z
        .string()
        .default('')
        .describe('Twelve digits that differ from build to build; empty where they are not known.'),
      params: z
        .record(z.string(), z.string())
        .describe('Kernel parameters; repeated ones joined by a space.'),
      initrdModules: z
        .record(z.string(), z.boolean())
        .describe('Modules in the initrd; true: loaded always.'),
      modules: z.record(z.string(), z.boolean()).describe('boot.kernelModules and extraModulePackages.'),
    })
    .describe('The kernel and its parameters.'),
  packages: z.record(z.string(), z.string()).describe('environment.systemPackages: name to version.'),
  units: z
    .record(z.string(), z.string())
    .describe('systemd units: "enabled" or "disabled", and a hash of the text without store paths.'),
  etc: z
    .record(z.string(), z.string())
    .describe('environment.etc: path to a hash of the text or the source.'),
  firewall: z.object({
    enabled: z.boolean(),
    tcp: z.record(z.string(), z.boolean()),
    udp: z.record(z.string(), z.boolean()),
  }),
  users: z
    .record(
      z.string(),
      z.object({
        wheel: z.boolean(),
        keys: z.record(z.string(), z.string()).describe('SHA256 fingerprint to comment.'),
      }),
    )
    .describe('Root, normal users, and system users with ssh keys: rights and authorized keys.'),
  fileSystems: z.record(z.string(), z.string()).describe('Mount point to "fsType device".'),
  bootLoader: z.string().describe('systemd-boot, grub, extlinux, external or none.'),
  sshd: z.object({ enabled: z.boolean(), ports: z.record(z.string(), z.boolean()) }),
  specialisations: z
    .record(z.string(), z.boolean())
    .default({})
    .describe('Names of the system’s specialisations.'),
  inhibitors: z
    .record(z.string(), z.string())
    .default({})
    .describe('system.switch.inhibitors: while one differs, the system is not switched to but booted.'),
  access: z
    .object({
      permitRootLogin: z.string().optional().describe('services.openssh.settings.PermitRootLogin'),
      trustedInterfaces: z
        .record(z.string(), z.boolean())
        .describe('Interfaces from which the firewall accepts everything.'),
      nix: z.boolean().optional().describe('nix.enable'),
      switchable: z.boolean().optional().describe('system.switch.enable'),
      rootPassword: z.boolean().optional().describe('Whether root has a password; absent in older states.'),
      sshPasswords: z
        .boolean()
        .optional()
        .describe('Whether sshd accepts passwords; absent in older states.'),
    })
    .optional()
    .describe('What else decides whether the machine can be deployed to again; absent in older states.'),
  switching: switching
    .optional()
    .describe('What decides what a switch does to running units; absent in older states.'),
  unread: z
    .record(z.string(), z.boolean())
    .optional()
    .describe(
      'Facts that could not be read, although the system evaluates; their values above mean nothing.',
    ),
});

export type HostFacts = z.infer<typeof hostFacts>;

/**
 * Facts as they travel through the engine: one text. As a map of some three hundred properties a machine they would
 * take most of a preview's time; the leaves that differ are named in the diff's notes.
 */
export const factsText = z.string().refine((text) => {
  try {
    return hostFacts.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}, 'must be facts of a machine as JSON');

export function parseFacts(text: string): HostFacts {
  return hostFacts.parse(JSON.parse(text));
}

export function formatFacts(facts: HostFacts): string {
  return JSON.stringify(facts);
}

/** What a preview shows of a kernel; hosts with the same kernel share it. */
export const kernelFacts = z.object({
  version: z.string(),
  modDirVersion: z.string(),
  drvPath: z.string(),
  outPath: z.string(),
  source: z.string().describe('Name of the source, such as linux-6.18.37.tar.xz.'),
  sourceRevision: z
    .string()
    .default('')
    .describe('Revision of a source that comes from a repository; empty where it has none.'),
  patches: z
    .record(z.string(), z.string())
    .describe('Patch name to its file and the beginning of its hash; empty for one of symbols alone.'),
  config: z
    .record(z.string(), z.string())
    .describe('Config symbols decided at evaluation: KVM to y, m, n or a value.'),
  dev: z
    .string()
    .default('')
    .describe('Store path of the output with vmlinux and gdb’s scripts; empty where the kernel has none.'),
});

export type KernelFacts = z.infer<typeof kernelFacts>;
