/** Parameters that a machine is started with. */
export interface NspawnMachine {
  title: string;
  hostName: string;
  root: string;
  bridge: string;
  /** Files and folders bind-mounted read-only: source on this computer to path in the machine. */
  readOnly: Record<string, string>;
}

/**
 * Arguments of systemd-nspawn. No --boot: the machine's own init chooses the system, as in NixOS containers, so the signal
 * for a clean shutdown is given here. --keep-unit leaves the cgroup to the caller; --register=no since machined may not run.
 */
export function nspawnArguments(machine: NspawnMachine): string[] {
  return [
    `--machine=${machine.title}`,
    `--hostname=${machine.hostName}`,
    `--directory=${machine.root}`,
    `--network-bridge=${machine.bridge}`,
    ...Object.entries(machine.readOnly).map(
      ([source, target]) => `--bind-ro=${escapeColons(source)}:${escapeColons(target)}`,
    ),
    '--register=no',
    '--keep-unit',
    '--kill-signal=SIGRTMIN+3',
    '--notify-ready=no',
    '--console=read-only',
    // NixOS makes /var/empty immutable, and the machine's files are to be removed with it.
    '--drop-capability=CAP_LINUX_IMMUTABLE',
    '--link-journal=no',
    '--resolv-conf=off',
    '--timezone=off',
    '--quiet',
    '/sbin/lab-init',
  ];
}

/** nspawn separates the parts of a bind mount by colons. */
function escapeColons(path: string): string {
  return path.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
}
