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

/** The members of a record whose names fulfil a condition. */
export function pickBy<Value>(
  record: Readonly<Record<string, Value>>,
  matches: (name: string) => boolean,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => matches(name)));
}

function membersOf(object: object, matches: (name: string) => boolean): [string, unknown][] {
  return Object.entries(object).filter(([name, value]) => value !== undefined && matches(name));
}
