import { storeName } from '../../store/nix/nix.ts';

/** A package and its version, as Nix finds them in the name of a store path. */
export interface PackageName {
  name: string;
  /** Empty if the name has none, as those of files and units. */
  version: string;
}

/** The name of a store path as `nix store diff-closures` reads it: the last word counts as an output's. */
export function packageName(path: string): PackageName {
  const whole = storeName(path);
  return parseName(/^(.*)-(?:[a-z]+|lib32|lib64)$/s.exec(whole)?.[1] ?? whole);
}

/** `builtins.parseDrvName`: the version begins after the first dash that no letter follows. */
export function parseName(name: string): PackageName {
  const at = /-(?=[^A-Za-z])/.exec(name)?.index;
  return at === undefined ? { name, version: '' } : { name: name.slice(0, at), version: name.slice(at + 1) };
}

/** Whether it is a package's version, not the end of a unit's name such as `getty-.service`. */
export function isVersion(version: string): boolean {
  return /^\d/.test(version);
}

/** Ends of names that are no part of a version. */
const extension = /\.(?:tar(?:\.\w+)?|t[a-z]z|zip|patch|diff|gem|crate|whl|jar|sh|py|pl|json|conf)$/;

/** The name without the digits of versions: equal for two versions of a package, and different for its outputs and sources. */
export function versionless(path: string): string {
  const name = storeName(path);
  const end = extension.exec(name)?.[0] ?? '';
  return (
    name
      .slice(0, name.length - end.length)
      .replace(/(?:-(?:unstable-)?\d[^-]*)+/g, '-#')
      .replace(/\d+(?:\.\d+)*/g, '#') + end
  );
}

const keys = new Map<string, { name: string; versionless: string }>();

/** Both keys of a path; systems have most of their paths in common. */
function keysOf(path: string): { name: string; versionless: string } {
  let found = keys.get(path);
  if (!found) {
    found = { name: storeName(path), versionless: versionless(path) };
    keys.set(path, found);
  }
  return found;
}

/** The hash of a store path, by which texts name it. */
export function hashPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).slice(0, 32);
}

/** Paths by their names. */
export class Names {
  readonly #paths: ReadonlySet<string>;
  readonly #byName = new Map<string, string[]>();
  readonly #byVersionless = new Map<string, string[]>();

  constructor(paths: Iterable<string>) {
    this.#paths = new Set(paths);
    for (const path of this.#paths) {
      const found = keysOf(path);
      push(this.#byName, found.name, path);
      push(this.#byVersionless, found.versionless, path);
    }
  }

  /** The path itself, else those of the same name, else those of another version. */
  like(path: string): readonly string[] {
    if (this.#paths.has(path)) return [path];
    const found = keysOf(path);
    return this.#byName.get(found.name) ?? this.#byVersionless.get(found.versionless) ?? [];
  }
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
