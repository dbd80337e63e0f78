import * as z from 'zod';

/** What the facts of a host were evaluated from. They stay valid while all of it is the same. */
export const readRecord = z.object({
  /** Name of the facts in the cache. */
  facts: z.string(),
  drvPath: z.string(),
  /** Whether the host depends on the tree as a whole: then it is only valid for the same tree. */
  whole: z.boolean(),
  /** Hash of all names of the tree: a look-up of a name is not observed. */
  names: z.string(),
  /** Path of each file to the hash of its content, and whether the host certainly reads it. */
  files: z.record(z.string(), z.tuple([z.string(), z.boolean()])),
  /** Attributes of the tree that the host uses, by their names in Nix. */
  attributes: z.record(z.string(), z.string()),
});
export type ReadRecord = z.infer<typeof readRecord>;

/** The present state of a tree. */
export interface TreeState {
  names: string;
  content(path: string): string | undefined;
  /** Undefined for one that is not known. */
  attribute(name: string): string | undefined;
}

export interface Changes {
  /** Files that differ, and attributes. */
  files: string[];
  attributes: string[];
  names: boolean;
  /** Whether the host depends on the tree as a whole. */
  whole: boolean;
  /** Whether one of them is certainly read. */
  certain: boolean;
}

/** What differs from a record; undefined if nothing: then its facts are valid. */
export function changesOf(record: ReadRecord, now: TreeState): Changes | undefined {
  const changed = Object.entries(record.files).filter(([path, [hash]]) => now.content(path) !== hash);
  const attributes = Object.entries(record.attributes)
    .filter(([name, value]) => now.attribute(name) !== value)
    .map(([name]) => name);
  const names = record.names !== now.names;
  if (changed.length === 0 && attributes.length === 0 && !names && !record.whole) return undefined;
  return {
    files: changed.map(([path]) => path),
    attributes,
    names,
    whole: record.whole,
    certain: names || record.whole || attributes.length > 0 || changed.some(([, [, certain]]) => certain),
  };
}

/**
 * What a host reads at most, after a new evaluation. If it has read nothing of what changed since the one before, it has read the same
 * in both, and so only what both observed. A file is certain, too, if it alone changed and the system with it.
 */
export function narrowed(
  record: ReadRecord,
  before: ReadRecord | undefined,
  changes: Changes | undefined,
): ReadRecord {
  if (!before || before.whole || record.whole || !changes || changes.names) return record;
  const readAgain = changes.files.filter((path) => Object.hasOwn(record.files, path));
  const usedAgain = changes.attributes.filter((name) => Object.hasOwn(record.attributes, name));
  if (readAgain.length + usedAgain.length === 0) {
    const files = Object.entries(record.files).flatMap(([path, [hash, certain]]) => {
      const earlier = before.files[path];
      const both: [string, boolean] = [hash, certain || (earlier?.[1] ?? false)];
      return earlier ? [[path, both] as const] : [];
    });
    const attributes = Object.entries(record.attributes).filter(([name]) =>
      Object.hasOwn(before.attributes, name),
    );
    return { ...record, files: Object.fromEntries(files), attributes: Object.fromEntries(attributes) };
  }
  const [only] = changes.files;
  const hash = only === undefined ? undefined : record.files[only]?.[0];
  const isOnly = changes.files.length === 1 && changes.attributes.length === 0;
  if (!isOnly || only === undefined || hash === undefined || record.drvPath === before.drvPath) return record;
  return { ...record, files: { ...record.files, [only]: [hash, true] } };
}

/** Values of the attributes of a tree that may be used, by the attributes that Nix reports of it. Empty for one that it lacks. */
export function attributeValue(
  name: string,
  source: Readonly<Record<string, unknown>>,
  revision: string,
): string | undefined {
  switch (name) {
    case 'rev':
    case 'shortRev':
    case 'dirtyRev':
    case 'dirtyShortRev':
    case 'revCount':
      return revision;
    case 'lastModified':
    case 'lastModifiedDate':
      return source.lastModified === undefined ? undefined : String(source.lastModified);
    // Trees with submodules are not observed.
    case 'submodules':
      return '';
    default:
      return undefined;
  }
}

const shown = 3;

/** "1 of 100 evaluated: hosts/web.nix changed" */
export function explainEvaluation(
  evaluated: number,
  total: number,
  changes: readonly (Changes | undefined)[],
  names: { added: readonly string[]; removed: readonly string[] },
): string {
  const known = changes.filter((each) => each !== undefined);
  const files = new Set(known.flatMap((each) => each.files));
  const attributes = new Set(known.flatMap((each) => each.attributes));
  const reasons = [
    ...listed(
      [...files].filter((path) => !names.removed.includes(path)),
      'changed',
    ),
    ...listed(names.added, 'added'),
    ...listed(names.removed, 'removed'),
    ...(attributes.size > 0 ? [`the flake's ${[...attributes].sort().join(', ')} changed`] : []),
    ...(known.some((each) => each.names) && names.added.length + names.removed.length === 0
      ? ['the kind of a file changed']
      : []),
    ...counted(known.filter((each) => each.whole).length, 'read the flake as a whole'),
    ...counted(changes.length - known.length, 'had no facts yet'),
  ];
  return `${evaluated} of ${total} evaluated: ${reasons.join('; ')}`;
}

function listed(paths: readonly string[], what: string): string[] {
  if (paths.length === 0) return [];
  const sorted = [...paths].sort();
  const more = sorted.length > shown ? ` and ${sorted.length - shown} more` : '';
  return [`${sorted.slice(0, shown).join(', ')}${more} ${what}`];
}

function counted(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}`];
}
