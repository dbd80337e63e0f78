import type { AnyResource } from '../resource.ts';
import { isPlainObject, isUnknown, type Properties, type Secrets } from './wire.ts';

/** Members that are secret in whatever input they are found, of every resource: each may have a connection. */
export const alwaysSecret: readonly string[] = ['becomePassword'];

/** Notes what of a resource's inputs is secret however it was given. */
export function markSecretInputs(resource: AnyResource, inputs: Properties, secrets: Secrets): void {
  const named = resource.secretInputs ?? [];
  const mark = (value: unknown, path: readonly (string | number)[]): void => {
    const name = path.at(-1);
    const isSecret =
      alwaysSecret.some((secret) => secret === name) ||
      (path.length === 1 && named.some((secret) => secret === name));
    if (isSecret && !isUnknown(value)) secrets.add(path, value);
    else if (Array.isArray(value)) for (const [index, item] of value.entries()) mark(item, [...path, index]);
    else if (isPlainObject(value))
      for (const [key, item] of Object.entries(value)) mark(item, [...path, key]);
  };
  mark(inputs, []);
}
