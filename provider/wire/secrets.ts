import { isPlainObject } from '../../lib/base/differences.ts';
import type { AnyResource, Properties } from '../resource.ts';
import { isUnknown } from './unknown.ts';

/** Which parts of a resource's properties are secret: by path, and by content, so that a copy elsewhere is one too. */
export class Secrets {
  readonly #paths = new Set<string>();
  readonly #texts = new Set<string>();

  add(path: readonly (string | number)[], value: unknown): void {
    this.#paths.add(JSON.stringify(path));
    for (const text of textsOf(value)) this.#texts.add(text);
  }

  /** What is secret in either; with `pathsToo` off, only the contents of `other` count. */
  with(other: Secrets, pathsToo = true): Secrets {
    const all = new Secrets();
    for (const text of [...this.#texts, ...other.#texts]) all.#texts.add(text);
    for (const path of this.#paths) all.#paths.add(path);
    if (pathsToo) for (const path of other.#paths) all.#paths.add(path);
    return all;
  }

  covers(path: readonly (string | number)[], value: unknown): boolean {
    if (this.#paths.has(JSON.stringify(path))) return true;
    if (typeof value !== 'string') return false;
    // A short secret would mark every text with that letter in it; it counts where it is the whole text.
    for (const text of this.#texts)
      if (value === text || (text.length >= 6 && value.includes(text))) return true;
    return false;
  }

  get empty(): boolean {
    return this.#paths.size === 0 && this.#texts.size === 0;
  }

  /** The text with every secret in it replaced, for messages and logs. */
  redact(text: string): string {
    let hidden = text;
    for (const secret of [...this.#texts].sort((a, b) => b.length - a.length)) {
      if (secret.length >= 3) hidden = hidden.replaceAll(secret, '[secret]');
    }
    return hidden;
  }
}

/** Names of members that are secret in every input of every resource: any of them may hold a connection. */
export const alwaysSecret: readonly string[] = ['becomePassword'];

/** Marks the inputs that are always secret, however they were given. */
export function markSecretInputs(
  { secretInputs: named = [] }: Pick<AnyResource, 'secretInputs'>,
  inputs: Properties,
  secrets: Secrets,
): void {
  const mark = (value: unknown, path: readonly (string | number)[]): void => {
    const name = path.at(-1);
    const isSecret =
      alwaysSecret.some((secret) => secret === name) ||
      (path.length === 1 && named.some((secret) => secret === name));
    if (isSecret && isPlainObject(value))
      // Its names may be shown.
      for (const [key, item] of Object.entries(value)) secrets.add([...path, key], item);
    else if (isSecret && !isUnknown(value)) secrets.add(path, value);
    else if (Array.isArray(value)) for (const [index, item] of value.entries()) mark(item, [...path, index]);
    else if (isPlainObject(value))
      for (const [key, item] of Object.entries(value)) mark(item, [...path, key]);
  };
  mark(inputs, []);
}

/** Marks the outputs that are always secret. */
export function markSecretOutputs(
  { secretOutputs = [] }: AnyResource,
  state: Properties,
  secrets: Secrets,
): void {
  for (const name of secretOutputs) if (state[name] !== undefined) secrets.add([name], state[name]);
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsOf);
  return [];
}
