import type { CachedPath } from './narinfo.ts';

export interface CollectionRequest {
  /** All paths of a cache, by name. */
  paths: ReadonlyMap<string, CachedPath>;
  /** Names of the paths that stay, each with its closure. */
  needed: Iterable<string>;
  /** Names of the paths that are given up. */
  givenUp: readonly string[];
  /** Whether to remove every path that is not needed, not only the closures of what is given up. */
  everything: boolean;
  /** Paths added after this time (milliseconds since 1970) stay with their closure: a running push may refer to them. */
  since: number;
}

export interface Collection {
  /** Paths to remove. */
  remove: readonly CachedPath[];
  /** Their NAR files, without those that a remaining path shares. */
  files: readonly string[];
  freedBytes: number;
  keptPaths: number;
  /** Size of the remaining NAR files, each counted once. */
  keptBytes: number;
  /** Given up paths of which a part stays only because it is too new. */
  held: readonly string[];
}

/** All names that the roots reach by references; a root that the cache does not have is left out. */
export function reachable(paths: ReadonlyMap<string, CachedPath>, roots: Iterable<string>): Set<string> {
  const found = new Set([...roots].filter((name) => paths.has(name)));
  for (const name of found) {
    for (const reference of paths.get(name)?.references ?? []) if (paths.has(reference)) found.add(reference);
  }
  return found;
}

/**
 * Plans which paths to remove: those that only given up paths need. A path that no record names stays, with its closure,
 * unless `everything` is set.
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

/** Size of each NAR file; paths with the same content share a file. */
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
