/** Rules on the facts of a machine. They start nothing and read no file, so that they are tested by themselves. */

/** What the rules read of a deployment's inputs. */
export interface Deployed {
  facts: {
    stateVersion: string;
    kernel: { version: string };
    firewall: { enabled: boolean };
    sshd: { enabled: boolean };
    access?: { rootPassword?: boolean; sshPasswords?: boolean };
  };
  healthChecks?: Readonly<Record<string, object>>;
}

export interface Context {
  /** Branch of the kernel, such as 6.12, to the last month with releases: 2028-12. */
  supportedUntil: Readonly<Record<string, string>>;
  /** Day, as 2026-03-01. */
  today: string;
  /** The first stateVersion of the machine, where the pack's configuration has it. */
  stateVersion?: string;
}

interface Rule {
  name: string;
  description: string;
  enforcementLevel: 'advisory' | 'mandatory';
  /** What is wrong and how it is corrected; undefined where nothing is. */
  check(deployed: Deployed, context: Context): string | undefined;
}

export const rules: readonly Rule[] = [
  {
    name: 'kernel-supported',
    description: 'The kernel is of a branch that still gets fixes.',
    enforcementLevel: 'mandatory',
    check({ facts }, { supportedUntil, today }) {
      const { version } = facts.kernel;
      const branch = /^\d+\.\d+/.exec(version)?.[0];
      const until = branch === undefined ? undefined : supportedUntil[branch];
      if (until === undefined || today.slice(0, 7) <= until) return undefined;
      return `kernel ${version} has had no fixes since ${until}: set boot.kernelPackages to a supported branch`;
    },
  },
  {
    name: 'firewall-enabled',
    description: 'The firewall is on.',
    enforcementLevel: 'mandatory',
    check: ({ facts }) =>
      facts.firewall.enabled ? undefined : 'the firewall is off: set networking.firewall.enable = true',
  },
  {
    name: 'root-without-password',
    description: 'Root has no password.',
    enforcementLevel: 'mandatory',
    check: ({ facts }) =>
      facts.access?.rootPassword
        ? 'root has a password: remove it from users.users.root, and log in by key'
        : undefined,
  },
  {
    name: 'ssh-by-key',
    description: 'sshd accepts no passwords.',
    enforcementLevel: 'mandatory',
    check: ({ facts }) =>
      facts.sshd.enabled && facts.access?.sshPasswords
        ? 'sshd accepts passwords: set PasswordAuthentication and KbdInteractiveAuthentication of services.openssh.settings to false'
        : undefined,
  },
  {
    name: 'state-version-kept',
    description: 'system.stateVersion is the one with which the machine was installed.',
    enforcementLevel: 'mandatory',
    check: ({ facts }, { stateVersion = facts.stateVersion }) =>
      facts.stateVersion === stateVersion
        ? undefined
        : `system.stateVersion is ${facts.stateVersion}, and the machine was installed with ${stateVersion}: an upgrade leaves it as it is`,
  },
  {
    name: 'health-checked',
    description: 'A health check decides whether a new system is kept.',
    enforcementLevel: 'advisory',
    check: ({ healthChecks = {} }) =>
      Object.keys(healthChecks).length > 0
        ? undefined
        : 'the machine has no health check: a system that starts and serves nothing is kept',
  },
];
