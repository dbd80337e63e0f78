import { formatPath, type PathStep } from './property-path.ts';
import type { DiffResult } from './resource.ts';
import { isPlainObject, isUnknown } from './unknown.ts';

export const noChanges: DiffResult = { changes: false, detailed: {} };

export interface LeafDiffOptions {
  /** Path in the resource's properties where the two values are. */
  at?: readonly PathStep[];
  /** Whether the paths are of inputs (the default) or of outputs. */
  inputDiff?: boolean;
  /** Kind of every entry becomes its `-replace` form. */
  replace?: boolean;
}

export interface Difference {
  path: readonly PathStep[];
  kind: 'add' | 'delete' | 'update';
  before: unknown;
  after: unknown;
}

/**
 * Compares two plain values and gives every leaf that differs. Maps are gone through key by key; where only one side
 * has a key, the entry is for that key and all below it. Anything else, arrays too, is one leaf. A new value that is
 * unknown counts as different.
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

/** The leaves that differ between two plain values, as the engine wants them. */
export function leafDiff(
  old: unknown,
  asked: unknown,
  { at = [], inputDiff = true, replace = false }: LeafDiffOptions = {},
): DiffResult['detailed'] {
  return Object.fromEntries(
    differences(old, asked, at).map(({ path, kind }) => [
      formatPath(path),
      { kind: replace ? (`${kind}-replace` as const) : kind, inputDiff },
    ]),
  );
}

/** Whether two plain values are equal; something unknown equals nothing. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (isUnknown(a) || isUnknown(b)) return false;
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

/** A key such as `constructor` is in no map that does not hold it. */
function own(map: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** A diff whose changes are the given entries. */
export function changesFrom(detailed: DiffResult['detailed'], rest: Partial<DiffResult> = {}): DiffResult {
  return { changes: Object.keys(detailed).length > 0, detailed, ...rest };
}
