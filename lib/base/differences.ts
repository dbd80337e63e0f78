import type { PathStep } from './property-path.ts';

/** One leaf in which two values differ. */
export interface Difference {
  path: readonly PathStep[];
  kind: 'add' | 'delete' | 'update';
  before: unknown;
  after: unknown;
}

/**
 * Compares two plain values and returns every leaf that differs. Maps are compared key by key; a key that only one side
 * has gives one entry for its whole subtree. Anything else, arrays included, is one leaf. A symbol stands for an unknown
 * value and always differs.
 */
export function differences(before: unknown, after: unknown, path: readonly PathStep[] = []): Difference[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ path, kind: 'add', before, after }];
  if (after === undefined) return [{ path, kind: 'delete', before, after }];
  if (isPlainObject(before) && isPlainObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differences(own(before, key), own(after, key), [...path, key]),
    );
  }
  return sameValue(before, after) ? [] : [{ path, kind: 'update', before, after }];
}

/** Whether two plain values are equal; a symbol equals nothing, not even itself. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a === 'symbol' || typeof b === 'symbol') return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameValue(item, b[index]));
  }
  if (isPlainObject(a) && isPlainObject(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) =>
      sameValue(own(a, key), own(b, key)),
    );
  }
  return a === b;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own properties only: an inherited `constructor` is not a key. */
function own(map: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
