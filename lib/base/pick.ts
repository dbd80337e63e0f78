/** The members of these names that have a value. */
export function pick<T extends object, Name extends PropertyKey>(
  object: T,
  names: readonly Name[],
): { [name in Name & keyof T]?: T[name] } {
  return Object.fromEntries(membersOf(object, (name) => names.includes(name as Name))) as never;
}

/** The members of all other names that have a value. */
export function omit<T extends object, Name extends PropertyKey>(
  object: T,
  names: readonly Name[],
): Omit<T, Name> {
  return Object.fromEntries(membersOf(object, (name) => !names.includes(name as Name))) as never;
}

function membersOf(object: object, isMeant: (name: string) => boolean): [string, unknown][] {
  return Object.entries(object).filter(([name, value]) => value !== undefined && isMeant(name));
}
