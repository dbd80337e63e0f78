/** The parts of a system that take effect only at boot: store paths, and the text of the kernel parameters. */
export interface SystemParts {
  kernel: string;
  initrd: string;
  modules: string;
  params: string;
}

/**
 * Whether the booted kernel, initrd, kernel modules or kernel parameters differ from those of the live system or of the next
 * boot. Compares store paths, since equal version labels do not mean equal kernels. Never true for a container.
 *
 * A live specialisation is activated after a boot of the system that contains it. Its own kernel would only be booted by hand, so
 * no reboot is due if either of the two is booted.
 */
export function rebootDue(machine: {
  container: boolean;
  booted: SystemParts | undefined;
  current: SystemParts | undefined;
  profile: SystemParts | undefined;
  /** The system that contains the live specialisation, if one is live. */
  containing: SystemParts | undefined;
}): boolean {
  const { container, booted, current, profile, containing } = machine;
  if (container || !booted) return false;
  if (containing)
    return [current, containing].every((system) => system !== undefined && differ(booted, system));
  return [current, profile].some((system) => system !== undefined && differ(booted, system));
}

function differ(a: SystemParts, b: SystemParts): boolean {
  return a.kernel !== b.kernel || a.initrd !== b.initrd || a.modules !== b.modules || a.params !== b.params;
}
