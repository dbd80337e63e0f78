/** What of a system only a boot puts in place. Store paths, and the parameters' text. */
export interface SystemParts {
  kernel: string;
  initrd: string;
  modules: string;
  params: string;
}

/**
 * Whether the booted kernel, initrd, kernel modules or kernel parameters differ from those of the live system, or from
 * those of the next boot. Store paths are compared, for version labels mislead. A container boots no kernel.
 */
export function rebootDue(machine: {
  container: boolean;
  booted: SystemParts | undefined;
  current: SystemParts | undefined;
  profile: SystemParts | undefined;
}): boolean {
  const { container, booted, current, profile } = machine;
  if (container || !booted) return false;
  return [current, profile].some((system) => system !== undefined && differ(booted, system));
}

function differ(a: SystemParts, b: SystemParts): boolean {
  return a.kernel !== b.kernel || a.initrd !== b.initrd || a.modules !== b.modules || a.params !== b.params;
}
