import { differences } from '../lib/base/differences.ts';
import { formatPath, type PathStep } from '../lib/base/property-path.ts';
import type { DiffResult } from './resource.ts';

export const noChanges: DiffResult = { changes: false, detailed: {} };

export interface LeafDiffOptions {
  /** Path in the resource's properties where the two values are. */
  at?: readonly PathStep[];
  /** Whether the paths are of inputs (the default) or of outputs. */
  inputDiff?: boolean;
  /** Kind of every entry becomes its `-replace` form. */
  replace?: boolean;
}

/** The leaves that differ between two plain values, as the engine wants them; a new value that is unknown differs. */
export function leafDiff(
  old: unknown,
  desired: unknown,
  { at = [], inputDiff = true, replace = false }: LeafDiffOptions = {},
): DiffResult['detailed'] {
  return Object.fromEntries(
    differences(old, desired, at).map(({ path, kind }) => [
      formatPath(path),
      { kind: replace ? (`${kind}-replace` as const) : kind, inputDiff },
    ]),
  );
}

/** A diff whose changes are the given entries. */
export function changesFrom(detailed: DiffResult['detailed'], rest: Partial<DiffResult> = {}): DiffResult {
  return { changes: Object.keys(detailed).length > 0, detailed, ...rest };
}
