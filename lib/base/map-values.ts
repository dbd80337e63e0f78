/** The same keys with other values. */
export function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A, name: string) => B) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
}
