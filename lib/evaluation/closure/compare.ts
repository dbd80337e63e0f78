import { isVersion, packageName } from './names.ts';
import type { Certainty } from './predict.ts';

/** A package of which a closure has other versions. */
export interface PackageChange {
  name: string;
  /** Versions that only the old closure has; '' is a path without a version. */
  removed: string[];
  /** Versions that only the new closure has. */
  added: string[];
  /** Packages of the new closure that refer to the added versions. */
  users: number;
  certainty: Certainty;
}

interface ComparedPath {
  references: readonly string[];
  certainty?: Certainty;
}

/** Compares two closures as `nix store diff-closures` does: by package and version, not by store path. */
export function compareClosures(
  old: ReadonlyMap<string, ComparedPath>,
  desired: ReadonlyMap<string, ComparedPath>,
): PackageChange[] {
  const [before, after] = [byPackage(old.keys()), byPackage(desired.keys())];
  const users = usersOf(desired);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before.get(name) ?? new Map(), after.get(name) ?? new Map<string, string[]>()];
    const removed = [...was.keys()].filter((version) => !is.has(version)).sort();
    const added = [...is.keys()].filter((version) => !was.has(version)).sort();
    if (removed.length === 0 && added.length === 0) return [];
    const paths = added.flatMap((version) => is.get(version) ?? []);
    const using = new Set(paths.flatMap((path) => [...(users.get(path) ?? [])]));
    using.delete(name);
    return [{ name, removed, added, users: using.size, certainty: certaintyOf(paths, desired) }];
  });
}

/** Names of the packages that refer to each path; texts, units and the system itself are none. */
function usersOf(closure: ReadonlyMap<string, ComparedPath>): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>();
  for (const [path, { references }] of closure) {
    const { name, version } = packageName(path);
    if (!isVersion(version) || isSystem(name)) continue;
    for (const reference of references) {
      const found = users.get(reference) ?? new Set();
      users.set(reference, found.add(name));
    }
  }
  return users;
}

/** That of the least certain version. */
function certaintyOf(paths: readonly string[], closure: ReadonlyMap<string, ComparedPath>): Certainty {
  const found = new Set(paths.map((path) => closure.get(path)?.certainty ?? 'known'));
  return found.has('probable')
    ? 'probable'
    : found.has('expected') || paths.length === 0
      ? 'expected'
      : 'known';
}

/** Paths by name and version. */
function byPackage(paths: Iterable<string>): Map<string, Map<string, string[]>> {
  const packages = new Map<string, Map<string, string[]>>();
  for (const path of paths) {
    const { name, version } = packageName(path);
    const versions = packages.get(name) ?? new Map<string, string[]>();
    packages.set(name, versions);
    const found = versions.get(version) ?? [];
    versions.set(version, found);
    found.push(path);
  }
  return packages;
}

/** The path of a system has the system's label. */
export function isSystem(name: string): boolean {
  return name.startsWith('nixos-system-');
}
