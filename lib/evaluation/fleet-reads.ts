import type { LockedFlake } from '../store/nix/flake.ts';
import type { RawFleet } from './evaluate-targets.ts';
import type { RawFacts } from './raw-facts.ts';
import type { HostReads } from './reads/attribute-reads.ts';
import { isObservedNix } from './reads/observed-eval.ts';
import { type Found, findNames, findReads, keepNames, keepReads } from './reads/reads-cache.ts';
import { mayHashPaths, TreeHashSearch } from './reads/taint.ts';
import { readTree, type Tree } from './reads/tree.ts';
import {
  attributeValue,
  type Changes,
  explainEvaluation,
  narrowed,
  type ReadRecord,
  type TreeState,
} from './reads/validity.ts';

/** In place of the tree's path in kept warnings: they name files of the flake. */
const treePlaceholder = '/nix/store/<flake>';

/** Which files of the flake each target reads: kept beside its facts, which stay valid until one of them changes. */
export class FleetReads {
  readonly tree: Tree;
  readonly search: TreeHashSearch;
  readonly #flake: LockedFlake;
  readonly #versions: readonly string[];
  readonly #state: TreeState;
  readonly #found = new Map<string, Found>();

  private constructor(flake: LockedFlake, tree: Tree, versions: readonly string[]) {
    this.tree = tree;
    this.search = new TreeHashSearch(flake.storePath);
    this.#flake = flake;
    this.#versions = versions;
    this.#state = {
      names: tree.names,
      content: tree.content,
      attribute: (name) => attributeValue(name, flake.source, flake.revision),
    };
  }

  /** Undefined where it cannot be observed which files are read: then facts are those of the whole flake. */
  static async open(
    flake: LockedFlake,
    { factsVersion, nixVersion }: { factsVersion: string; nixVersion: string },
  ): Promise<FleetReads | undefined> {
    const tree = isObservedNix(nixVersion) ? await readTree(flake) : undefined;
    return tree && new FleetReads(flake, tree, [factsVersion, nixVersion]);
  }

  /** Name of the valid facts of a target (as `formatTarget` returns it), if any. */
  async find(target: string): Promise<string | undefined> {
    const found = await findReads(this.key(target), this.#state);
    this.#found.set(target, found);
    return found.valid?.facts;
  }

  /**
   * Parts that are evaluated one after the other: first targets that perhaps read none of what changed, then those that certainly do.
   * Then the first do not seem to read what only the others read. In each part, those that seem to read most come first; those that
   * depend on the tree as a whole come last, as what is evaluated after them seems to do so, too.
   */
  parts<Item>(items: readonly Item[], targetOf: (item: Item) => string): Item[][] {
    const found = (item: Item) => this.#found.get(targetOf(item));
    const files = (item: Item) => Object.keys(found(item)?.nearest?.files ?? {}).length;
    const isWhole = (item: Item) => Number(found(item)?.nearest?.whole ?? false);
    const sorted = [...items].sort(
      (one, other) => isWhole(one) - isWhole(other) || files(other) - files(one),
    );
    const isCertain = (item: Item) => found(item)?.changes?.certain ?? true;
    return [sorted.filter((item) => !isCertain(item)), sorted.filter(isCertain)].filter(
      (part) => part.length > 0,
    );
  }

  /** What was evaluated and why; undefined if nothing is known from earlier. */
  async explain(evaluated: readonly string[], total: number): Promise<string | undefined> {
    const found = evaluated.map((target) => this.#found.get(target));
    if (!found.some((each) => each?.nearest)) return undefined;
    const earlier = found.find((each) => each?.changes?.names)?.nearest?.names;
    const names = earlier === undefined ? undefined : await findNames(earlier);
    const now = [...this.tree.entries.keys()];
    const [before, after] = [new Set(names), new Set(now)];
    return explainEvaluation(
      evaluated.length,
      total,
      found.map((each): Changes | undefined => each?.changes),
      {
        added: names ? now.filter((path) => !before.has(path)) : [],
        removed: [...before].filter((path) => !after.has(path)),
      },
    );
  }

  /**
   * Keeps what the evaluated targets have read.
   * @param factsOf name of a target's facts in the cache, and the target as `formatTarget` returns it
   */
  async keep(
    raw: Pick<RawFleet, 'facts' | 'outputs' | 'kernels' | 'reads'>,
    factsOf: (name: string) => { facts: string; target: string } | undefined,
  ): Promise<void> {
    const dependsOnWhole = this.#wholeTree(raw);
    const entries = [...raw.reads].flatMap(([name, reads]) => {
      const drvPath = raw.facts.get(name)?.toplevel?.drvPath ?? raw.outputs.get(name)?.drvPath;
      const given = factsOf(name);
      return drvPath === undefined || !given ? [] : [{ ...given, drvPath, reads, name }];
    });
    await keepNames(this.tree.names, this.tree.entries.keys());
    await Promise.all(
      entries.map(async ({ facts, target, drvPath, reads, name }) => {
        const found = this.#found.get(target);
        const record = this.#record(reads, { facts, drvPath, whole: dependsOnWhole(name, reads) });
        await keepReads(
          this.key(target),
          narrowed(record, found?.nearest, found?.changes),
          found?.records ?? [],
        );
      }),
    );
  }

  #record(reads: HostReads, given: Pick<ReadRecord, 'facts' | 'drvPath' | 'whole'>): ReadRecord {
    const record: ReadRecord = { ...given, names: this.tree.names, files: {}, attributes: {} };
    for (const [path, certain] of [...reads.files, [this.tree.flakeFile, true] as const]) {
      const hash = this.tree.content(path);
      if (hash === undefined) record.whole = true;
      else record.files[path] = [hash, certain];
    }
    for (const name of reads.uses) {
      const value = this.#state.attribute(name);
      if (value === undefined) record.whole = true;
      else record.attributes[name] = value;
    }
    return record;
  }

  /** Whether a target depends on the tree as a whole: the hash of the tree is in what was evaluated, or may be. */
  #wholeTree(raw: Pick<RawFleet, 'facts' | 'outputs' | 'kernels'> & { reads: RawFleet['reads'] }) {
    const { search } = this;
    const inFacts = (facts: RawFacts) => {
      if (!facts.toplevel) return false;
      const warnings = facts.warnings.map((warning) => withoutTree(warning, this.#flake.storePath));
      const kernel = facts.kernel.drvPath === undefined ? undefined : raw.kernels.get(facts.kernel.drvPath);
      const derivations = [facts.toplevel.drvPath, facts.kernel.drvPath, facts.image?.drvPath];
      return (
        search.inText(JSON.stringify([{ ...facts, warnings }, kernel])) ||
        derivations.map((drvPath) => drvPath !== undefined && search.inClosure(drvPath)).includes(true)
      );
    };
    const found = new Map([...raw.facts].map(([name, facts]) => [name, inFacts(facts)]));
    for (const [name, { drvPath }] of raw.outputs) found.set(name, search.inClosure(drvPath));
    // Derivations that are in no target: an evaluation may import what they build.
    const others = new Set<string>();
    for (const { derivations } of raw.reads.values()) {
      for (const drvPath of derivations) if (!search.isSearched(drvPath)) others.add(drvPath);
    }
    const withHash = new Set([...others].filter((drvPath) => search.inClosure(drvPath)));
    const texts = new Map<string, string>();
    const textOf = (path: string) => {
      const text = texts.get(path) ?? this.tree.text(path) ?? '';
      texts.set(path, text);
      return text;
    };
    return (name: string, { files, derivations }: HostReads) =>
      (found.get(name) ?? true) ||
      [...withHash].some((drvPath) => derivations.has(drvPath)) ||
      mayHashPaths([...files.keys()].filter((path) => path.endsWith('.nix')).map(textOf));
  }

  /** Everything that a target's facts depend on beside the files of the flake. */
  key(target: string): string[] {
    const { localPath = '', source, locks, overrides } = this.#flake;
    const kind = Object.keys(source).sort().join(' ');
    return [
      ...this.#versions,
      target,
      localPath,
      this.tree.flakeFile,
      kind,
      JSON.stringify([locks, overrides]),
    ];
  }
}

/** A warning names files of the flake by the path of its tree, which each edit changes. */
export function withoutTree(text: string, storePath: string): string {
  return text.replaceAll(storePath, treePlaceholder);
}

export function withTree(text: string, storePath: string): string {
  return text.replaceAll(treePlaceholder, storePath);
}
