/** What a machine is started with. */
export interface NspawnMachine {
  title: string;
  hostName: string;
  root: string;
  bridge: string;
  /** Files and folders shared read-only: source to place in the machine. */
  readOnly: Record<string, string>;
}

/**
 * Arguments of systemd-nspawn. No --boot: the machine's own init chooses what to boot, as NixOS containers do it, so the
 * signal for a clean shutdown is given here. --keep-unit leaves the cgroup to whoever starts it; --register=no because there
 * may be no machined.
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
    '--link-journal=no',
    '--resolv-conf=off',
    '--timezone=off',
    '--quiet',
    '/sbin/lab-init',
  ];
}

/** nspawn separates the parts of a bind by colons. */
function escapeColons(path: string): string {
  return path.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
}
