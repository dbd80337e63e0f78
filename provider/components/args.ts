import { Output } from '@pulumi/pulumi/output.js';
import { isPlainObject } from '../../lib/base/differences.ts';
import { FleetError } from '../../lib/base/errors.ts';
import { containsUnknown, unknown } from '../wire/unknown.ts';

/** Members of Pulumi's outputs that its type declarations leave out. */
interface Settling {
  isKnown: Promise<boolean>;
  promise(): Promise<unknown>;
}

/** Arguments with values in the place of outputs, and `unknown` for what a preview cannot know. */
export async function settle(value: unknown): Promise<unknown> {
  if (Output.isInstance(value)) {
    const output = value as unknown as Settling;
    return (await output.isKnown) ? await settle(await output.promise()) : unknown;
  }
  if (Array.isArray(value)) return await Promise.all(value.map(settle));
  if (!isPlainObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
  const settled = members.map(async ([key, member]) => [key, await settle(member)] as const);
  return Object.fromEntries(await Promise.all(settled));
}

/** A member of an argument; that of an output is an output, which depends on the same resources and is as secret. */
export function member(value: unknown, key: string): unknown {
  if (Output.isInstance(value)) return value.apply((inner) => (inner as Record<string, unknown>)[key]);
  return (value as Record<string, unknown>)[key];
}

/** All members of an argument, as the settled one has them. */
export function membersOf(value: unknown, settled: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(settled).map((key) => [key, member(value, key)]));
}

/** Returns a settled argument that a preview must know, as it decides which resources there are. */
export function known<T>(value: T, path: string): T {
  if (!containsUnknown(value)) return value;
  throw new FleetError({
    code: 'config-invalid',
    what: `${path} must be known in a preview, since it decides which resources there are`,
    why: 'it comes from a resource that does not exist yet',
    fix: `Give ${path} without outputs of other resources.`,
  });
}
