import type { CachedPath } from './narinfo.ts';

export interface CollectionRequest {
  /** All that a cache has, by name. */
  paths: ReadonlyMap<string, CachedPath>;
  /** Names of what is needed, each with its closure. */
  needed: Iterable<string>;
  /** Names of what is given up. */
  givenUp: readonly string[];
  /** Whether whatever is not needed can go, whoever brought it. */
  everything: boolean;
  /** What came later than this stays, with its closure: somebody may be about to bring what needs it. */
  since: number;
}

export interface Collection {
  /** Paths that go. */
  remove: readonly CachedPath[];
  /** Their packed files, without those that a path that stays has too. */
  files: readonly string[];
  freedBytes: number;
  /** What stays, its files counted once. */
  keptPaths: number;
  keptBytes: number;
  /** Of what is given up, that of which something stays for its age alone. */
  held: readonly string[];
}

/** All names that are reached from the roots by references; a root that the cache lacks is none. Pure. */
export function reachable(paths: ReadonlyMap<string, CachedPath>, roots: Iterable<string>): Set<string> {
  const found = new Set([...roots].filter((name) => paths.has(name)));
  for (const name of found) {
    for (const reference of paths.get(name)?.references ?? []) if (paths.has(reference)) found.add(reference);
  }
  return found;
}

/**
 * What can be taken from a cache: what something given up needs, and nothing else does. What nobody recorded is not asked whose it
 * is: it stays, and what it needs. Pure.
 */
export function planCollection({ paths, needed, givenUp, everything, since }: CollectionRequest): Collection {
  const candidates = everything ? new Set(paths.keys()) : reachable(paths, givenUp);
  const others = [...paths.keys()].filter((name) => !candidates.has(name));
  const wanted = reachable(paths, [...needed, ...others]);
  const young = reachable(
    paths,
    [...candidates].filter((name) => (paths.get(name)?.changedAt ?? 0) > since),
  );
  const stays = ({ name }: CachedPath) => !candidates.has(name) || wanted.has(name) || young.has(name);
  const [kept, remove] = partition([...paths.values()], stays);
  const keptFiles = sizes(kept);
  const removed = [...sizes(remove)].filter(([file]) => !keptFiles.has(file));
  const onlyYoung = (root: string) =>
    [...reachable(paths, [root])].some((name) => young.has(name) && !wanted.has(name));
  return {
    remove,
    files: removed.map(([file]) => file),
    freedBytes: sum(removed.map(([, size]) => size)),
    keptPaths: kept.length,
    keptBytes: sum(keptFiles.values()),
    held: givenUp.filter(onlyYoung),
  };
}

/** Size of each packed file; paths with one content share theirs. */
function sizes(paths: readonly CachedPath[]): Map<string, number> {
  return new Map(paths.map(({ file, fileSize }) => [file, fileSize]));
}

function partition<T>(values: readonly T[], test: (value: T) => boolean): [T[], T[]] {
  return [values.filter(test), values.filter((value) => !test(value))];
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
