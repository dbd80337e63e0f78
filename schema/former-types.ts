/** Types that had other names: a state may record them until the stack's next update. */
const formerTypes: Readonly<Record<string, string>> = {
  'nixos:index:DiskImage': 'nixos:index:DiskInstall',
  'nixos-fleet:index:DiskImages': 'nixos-fleet:index:DiskInstalls',
};

/** The present name of a type that a state records. */
export function presentType(recorded: string): string {
  return formerTypes[recorded] ?? recorded;
}

/** Former names of a type as Pulumi's aliases: a stack that records one of them shows no change. */
export function formerTypeAliases(type: string): { type: string }[] {
  return Object.entries(formerTypes).flatMap(([former, present]) =>
    present === type ? [{ type: former }] : [],
  );
}
