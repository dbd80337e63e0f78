/** The members with these names; undefined ones are left out. */
export function pick<T extends object, Name extends PropertyKey>(
  object: T,
  names: readonly Name[],
): { [name in Name & keyof T]?: T[name] } {
  return Object.fromEntries(membersOf(object, (name) => names.includes(name as Name))) as never;
}

/** The members without these names; undefined ones are left out. */
export function omit<T extends object, Name extends PropertyKey>(
  object: T,
  names: readonly Name[],
): Omit<T, Name> {
  return Object.fromEntries(membersOf(object, (name) => !names.includes(name as Name))) as never;
}

function membersOf(object: object, matches: (name: string) => boolean): [string, unknown][] {
  return Object.entries(object).filter(([name, value]) => value !== undefined && matches(name));
}
