import { isPlainObject } from '../../lib/base/differences.ts';

/**
 * Stands for a value that a preview cannot know yet. It is met in `diff` and `preview` only: what the engine sends
 * to the other methods is always known.
 */
export const unknown: unique symbol = Symbol('unknown');

export function isUnknown(value: unknown): value is typeof unknown {
  return value === unknown;
}

/** Whether a value is unknown or holds something unknown. */
export function containsUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  if (Array.isArray(value)) return value.some(containsUnknown);
  if (isPlainObject(value)) return Object.values(value).some(containsUnknown);
  return false;
}
