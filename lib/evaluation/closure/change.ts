import * as z from 'zod';
import { compareClosures } from './compare.ts';
import { packageName } from './names.ts';
import { certainties, type PredictedPath } from './predict.ts';
import type { KnownPaths } from './uses.ts';

const packageChange = z.object({
  name: z.string(),
  removed: z.array(z.string()),
  added: z.array(z.string()),
  users: z.number(),
  certainty: z.enum(certainties),
});

/** What changes from one closure to another. */
export const closureChange = z.object({
  /** Whether the new closure is read from a store, not predicted. */
  exact: z.boolean(),
  /** Whether it was predicted without the derivations of the old system: what packages newly depend on may be missing. */
  vague: z.boolean(),
  packages: z.array(packageChange),
  /** Paths of the new closure that have the name and version of an old one, and another hash. */
  rebuilt: z.number(),
  /** Paths that the old closure lacks, and their bytes as far as they are known. */
  copied: z.object({ paths: z.number(), bytes: z.number(), unsized: z.number() }),
});
export type ClosureChange = z.infer<typeof closureChange>;

export function changeBetween(
  old: KnownPaths,
  desired: ReadonlyMap<string, Omit<PredictedPath, 'certainty'> & { certainty?: PredictedPath['certainty'] }>,
  { vague = false } = {},
): ClosureChange {
  const versions = new Set([...old.keys()].map(nameAndVersion));
  const copied = [...desired].filter(([path]) => !old.has(path));
  const exact = [...desired.values()].every(({ certainty = 'known' }) => certainty === 'known');
  return {
    exact,
    vague: vague && !exact,
    packages: compareClosures(old, desired),
    rebuilt: copied.filter(([path]) => versions.has(nameAndVersion(path))).length,
    copied: {
      paths: copied.length,
      bytes: copied.reduce((sum, [, { narSize = 0 }]) => sum + narSize, 0),
      unsized: copied.filter(([, { narSize }]) => narSize === undefined).length,
    },
  };
}

function nameAndVersion(path: string): string {
  const { name, version } = packageName(path);
  return `${name} ${version}`;
}
