import { lstatSync, readFileSync } from 'node:fs';

/** Letters of the tree's hash that are looked for: also a shortened hash is found, and hardly anything by chance. */
const needleLength = 7;

/** A file of the store that a derivation uses as it is (`builtins.toFile`) is searched up to this size. */
const maxSourceBytes = 4 << 20;

interface Derivation {
  /** Whether its own text, or a file that it uses as it is, has the hash. */
  own: boolean;
  inputs: string[];
}

/** Modification time of every valid path of the store, in milliseconds: Nix sets it once the path is complete. */
const storeTime = 1000;

/**
 * Looks for the hash of a flake's tree in what was evaluated from it. A path of the flake as text (`toString ./x`, `"${self}/x"`)
 * contains that hash, and so depends on each file of the flake.
 */
export class TreeHashSearch {
  readonly #needle: string;
  /** Derivation to whether it, or one that it needs, has the hash. */
  readonly #derivations = new Map<string, boolean>();
  readonly #sources = new Map<string, boolean>();
  readonly #ahead = new Map<string, Derivation>();
  readonly #paths = new Map<string, string>();

  /** @param storePath the tree in the store, /nix/store/<hash>-source */
  constructor(storePath: string) {
    this.#needle = storePath.replace(/^.*\//, '').slice(0, needleLength);
  }

  inText(text: string): boolean {
    return text.includes(this.#needle);
  }

  /** Reads a derivation before `inClosure` needs it, while Nix evaluates. One that is still being written is read later. */
  readAhead(drvPath: string): void {
    if (this.#ahead.has(drvPath) || this.#derivations.has(drvPath)) return;
    if (lstatSync(drvPath, { throwIfNoEntry: false })?.mtimeMs !== storeTime) return;
    this.#ahead.set(this.#kept(drvPath), this.#read(drvPath));
  }

  /** Whether a derivation or any that it needs has the hash; true if that cannot be read. */
  inClosure(drvPath: string): boolean {
    const known = this.#derivations.get(drvPath);
    if (known !== undefined) return known;
    // Depth first, without recursion: closures are deep.
    const stack: ({ drvPath: string } & Derivation)[] = [];
    const enter = (path: string) => {
      const { own, inputs } = this.#ahead.get(path) ?? this.#read(path);
      this.#ahead.delete(path);
      this.#derivations.set(path, own);
      stack.push({ drvPath: path, own, inputs });
    };
    enter(drvPath);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.inputs.pop();
      if (next === undefined) {
        this.#derivations.set(top.drvPath, top.own);
        stack.pop();
        const parent = stack.at(-1);
        if (parent && top.own) parent.own = true;
      } else if (!this.#derivations.has(next)) enter(next);
      else if (this.#derivations.get(next)) top.own = true;
    }
    return this.#derivations.get(drvPath) ?? true;
  }

  /** Whether it was searched as a part of a closure. */
  isSearched(drvPath: string): boolean {
    return this.#derivations.has(drvPath);
  }

  #read(drvPath: string): Derivation {
    const text = readStoreFile(drvPath);
    const parts = text === undefined ? undefined : inputsOf(text);
    if (text === undefined || !parts) return { own: true, inputs: [] };
    return {
      own: this.inText(text) || parts.sources.some((path) => this.#inSource(path)),
      inputs: parts.derivations.map((path) => this.#kept(path)),
    };
  }

  /** An equal string that is no part of another one: V8 would keep the whole text of a derivation for the sake of a path in it. */
  #kept(path: string): string {
    let kept = this.#paths.get(path);
    if (kept === undefined) {
      kept = Buffer.from(path, 'latin1').toString('latin1');
      this.#paths.set(kept, kept);
    }
    return kept;
  }

  #inSource(path: string): boolean {
    let found = this.#sources.get(path);
    if (found === undefined) {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      // A copied folder has its files' own content, which cannot contain the hash of the tree that it is in.
      found = stat?.isFile()
        ? stat.size > maxSourceBytes || this.inText(readStoreFile(path) ?? this.#needle)
        : false;
      this.#sources.set(path, found);
    }
    return found;
  }
}

/** Input derivations and sources of a derivation's text; undefined if it has another form. */
export function inputsOf(text: string): { derivations: string[]; sources: string[] } | undefined {
  const outputs = /^Derive\(\[[^[\]]*\],\[/.exec(text);
  if (!outputs) return undefined;
  const begin = outputs[0].length;
  const end = text[begin] === ']' ? begin : text.indexOf('])],[', begin) + 2;
  if (end < begin) return undefined;
  const sourcesBegin = end + '],['.length;
  const sourcesEnd = text.indexOf(']', sourcesBegin);
  if (!text.startsWith('],[', end) || sourcesEnd < 0) return undefined;
  const paths = (part: string) => [...part.matchAll(/"(\/[^"]*)"/g)].map(([, path = '']) => path);
  return { derivations: paths(text.slice(begin, end)), sources: paths(text.slice(sourcesBegin, sourcesEnd)) };
}

function readStoreFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

const hashes = /\b(hashString|convertHash|placeholder)\b/;
const pathAsText =
  /\btoString\s*\(*\s*(\.\.?\/|self\b)|\$\{\s*self\b|\bself\s*\+|\bself\)*\.outPath\b|\b(__curPos|unsafeGetAttrPos|sourceInfo)\b/;

/**
 * Whether Nix files may hash a path of the flake, which the search cannot find: one that hashes text, and one that takes a path as
 * text.
 */
export function mayHashPaths(texts: readonly string[]): boolean {
  return texts.some((text) => hashes.test(text)) && texts.some((text) => pathAsText.test(text));
}
