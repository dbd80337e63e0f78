import { FleetError } from '../../lib/base/errors.ts';

/** The namespace of the stack's config in every project: `nixos-fleet:hosts`. */
export const namespace = 'nixos-fleet';

/**
 * The values of the stack's config by key, without a namespace. Keys of the project's own namespace, to which Pulumi adds keys without
 * one, are read too.
 * @throws FleetError config-invalid where both have a key
 */
export function stackValues<Value>(project: string, all: Readonly<Record<string, Value>>) {
  const values: Record<string, Value> = {};
  for (const own of new Set([namespace, project])) {
    for (const [key, value] of Object.entries(all)) {
      if (!key.startsWith(`${own}:`)) continue;
      const name = key.slice(own.length + 1);
      if (name in values)
        throw new FleetError({
          code: 'config-invalid',
          what: `${namespace}:${name} and ${key} are both set`,
          fix: 'Keep one of them.',
        });
      values[name] = value;
    }
  }
  return values;
}

/** The namespace to which a text of a `Pulumi.<stack>.yaml` gets more keys. */
export function namespaceOf(text: string, project: string): string {
  return new RegExp(`^\\s+["']?${namespace}:`, 'm').test(text) ? namespace : project;
}
