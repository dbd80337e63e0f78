import { type Graph, isPlain, type Node } from './graph.ts';
import type { Context } from './mentions.ts';
import { hashPart, Names } from './names.ts';

/** A path of a store whose references are known. */
export interface KnownPath {
  references: readonly string[];
  /** Bytes. */
  narSize: number;
}

export type KnownPaths = ReadonlyMap<string, KnownPath>;

/** Paths that may be known. */
export interface Knowledge {
  get(path: string): KnownPath | undefined;
}

/** What became of a path that a derivation names: it is referred to, its content was copied, or it was used by the build alone. */
export type Use = (typeof uses)[number];
const uses = ['referenced', 'copied', 'used'] as const;

/** A path that a derivation may use, and where it names it. */
export interface Input {
  path: string;
  contexts: readonly Context[];
}

const inputs = new WeakMap<Node, Input[]>();

export function buildInputsOf(node: Node, { nodes }: Graph): readonly Input[] {
  let found = inputs.get(node);
  if (!found) {
    const built = Object.entries(node.inputDrvs).flatMap(([drvPath, names]) => {
      const outputs = nodes.get(drvPath)?.outputs ?? {};
      return names.flatMap((name) => outputs[name] ?? []);
    });
    found = [...built, ...node.sources].map((path) => ({
      path,
      contexts: node.mentions.get(hashPart(path)) ?? [],
    }));
    inputs.set(node, found);
  }
  return found;
}

/** Whether a derivation that writes a text names the path in it. */
export function inText({ contexts }: Input): boolean {
  return contexts.some(({ attribute }) => attribute === 'text');
}

/** The old system: its closure, and the derivations that it was built from if they are in the store. */
export interface OldSystem {
  path: string;
  closure: KnownPaths;
  graph?: Graph | undefined;
}

/** What the derivations of the old system did with the paths that they name. */
export class Uses {
  readonly #old: OldSystem;
  readonly #known: Knowledge;
  readonly #ofOutput = new Map<string, Map<string, Use>>();
  readonly #counts = new Map<string | undefined, Map<string, Counts>>();
  readonly #desired: Graph;

  /**
   * @param known further paths of this computer's store
   * @param desired the new derivations, which stand for the old ones where those are not in the store
   */
  constructor(old: OldSystem, known: Knowledge, desired: Graph) {
    this.#old = old;
    this.#known = known;
    this.#desired = desired;
  }

  /** What became of the inputs of an old output; undefined if its derivation or its references are not known. */
  of(path: string): Map<string, Use> | undefined {
    const { graph } = this.#old;
    const references = this.references(path);
    const node = graph && builderOf(path, graph);
    if (!graph || !node || !references) return undefined;
    let found = this.#ofOutput.get(path);
    if (!found) {
      const set = new Set(references);
      found = new Map(buildInputsOf(node, graph).map((input) => [input.path, this.#use(input.path, set)]));
      this.#ofOutput.set(path, found);
    }
    return found;
  }

  /** What an old path refers to, also where it is a text that only the build needed; undefined if that is not known. */
  references(path: string): readonly string[] | undefined {
    const known = this.#old.closure.get(path) ?? this.#known.get(path);
    if (known) return known.references;
    const { graph } = this.#old;
    const node = graph && builderOf(path, graph);
    if (!graph || !node?.isText) return undefined;
    return buildInputsOf(node, graph)
      .filter(inText)
      .map((input) => input.path);
  }

  #use(path: string, references: ReadonlySet<string>): Use {
    if (references.has(path)) return 'referenced';
    if (!isPlain(path)) return 'used';
    const own = this.references(path) ?? [];
    return own.length > 0 && own.every((each) => each === path || references.has(each)) ? 'copied' : 'used';
  }

  /**
   * What became of paths that are named in such places: by the predecessor, else by the whole old system. It is sure if it was so
   * each time, and five times at least.
   */
  inPlace(contexts: readonly Context[], pair?: Pair): { use: Use; sure: boolean } | undefined {
    for (const counts of [pair && this.#countsOf(pair), this.#countsOf(undefined)]) {
      if (!counts) continue;
      for (const keyOf of [placeOf, ({ attribute }: Context) => attribute]) {
        const judged = contexts.flatMap((context) => judge(counts.get(keyOf(context))) ?? []);
        const best = uses.flatMap((use) => judged.find((each) => each.use === use) ?? [])[0];
        if (best) return { use: best.use, sure: best.sure && this.#old.graph !== undefined };
      }
    }
    return undefined;
  }

  /** The counts of one old output, or of all. */
  #countsOf(pair: Pair | undefined): Map<string, Counts> {
    let counts = this.#counts.get(pair?.old);
    if (!counts) {
      counts = countUses(pair ? this.#inputs(pair) : this.#pairs().flatMap((each) => this.#inputs(each)));
      this.#counts.set(pair?.old, counts);
    }
    return counts;
  }

  #pairs(): Pair[] {
    const names = new Names(this.#desired.builders.keys());
    return [...this.#old.closure.keys()].map((old) => ({ old, desired: names.like(old)[0] }));
  }

  /** The inputs of an old output, each with what became of it. */
  #inputs({ old, desired }: Pair): [Input, Use][] {
    const { graph } = this.#old;
    if (!graph) return this.#likeInputs(old, desired);
    const found = this.of(old);
    const node = builderOf(old, graph);
    if (!found || !node) return [];
    return buildInputsOf(node, graph).map((input) => [input, found.get(input.path) ?? 'used']);
  }

  /** The inputs of a new derivation, by the names of what the old output refers to. */
  #likeInputs(old: string, desired = ''): [Input, Use][] {
    const node = builderOf(desired, this.#desired);
    const references = this.#old.closure.get(old)?.references;
    if (!node || !references) return [];
    const names = new Names(references);
    const isLike = ({ path }: Input) => names.like(path).length > 0;
    return buildInputsOf(node, this.#desired).map((input) => {
      if (isLike(input)) return [input, 'referenced'];
      const text = builderOf(input.path, this.#desired);
      const own = text?.isText ? buildInputsOf(text, this.#desired).filter(inText) : [];
      return [input, own.length > 0 && own.every(isLike) ? 'copied' : 'used'];
    });
  }
}

/** An old output, and the new one in its place. */
export interface Pair {
  old: string;
  desired: string | undefined;
}

export function builderOf(path: string, { nodes, builders }: Graph): Node | undefined {
  return nodes.get(builders.get(path) ?? '');
}

type Counts = Record<Use, number>;

function countUses(inputs: readonly [Input, Use][]): Map<string, Counts> {
  const counts = new Map<string, Counts>();
  for (const [{ contexts }, use] of inputs) {
    for (const key of keysOf(contexts)) {
      const count = counts.get(key) ?? { referenced: 0, copied: 0, used: 0 };
      count[use] += 1;
      counts.set(key, count);
    }
  }
  return counts;
}

/** The first use that a quarter of the paths had: one reported as probable is better than one that is missed. */
function judge(counts: Counts | undefined): { use: Use; sure: boolean } | undefined {
  if (!counts) return undefined;
  const total = counts.referenced + counts.copied + counts.used;
  const use = uses.find((each) => counts[each] * 4 >= total) ?? 'used';
  return { use, sure: total >= 5 && counts[use] === total };
}

const keys = new WeakMap<readonly Context[], ReadonlySet<string>>();

function keysOf(contexts: readonly Context[]): ReadonlySet<string> {
  let found = keys.get(contexts);
  if (!found) {
    found = new Set(contexts.flatMap((each) => [placeOf(each), each.attribute]));
    keys.set(contexts, found);
  }
  return found;
}

function placeOf({ attribute, words }: Context): string {
  return `${attribute} ${words}`;
}
