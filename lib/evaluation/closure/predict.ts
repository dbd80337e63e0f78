import type { Graph, Node } from './graph.ts';
import { Names } from './names.ts';
import {
  builderOf,
  buildInputsOf,
  type Input,
  inText,
  type Knowledge,
  type KnownPath,
  type OldSystem,
  type Use,
  Uses,
} from './uses.ts';

/**
 * How it is known that something belongs to a closure: from a store, since it is so in the old system, or only because it is so
 * for others that are alike.
 */
export const certainties = ['known', 'expected', 'probable'] as const;
export type Certainty = (typeof certainties)[number];

export interface PredictedPath {
  references: readonly string[];
  /** Bytes: those of the old path where the new one is not built yet; undefined if there is none. */
  narSize?: number | undefined;
  certainty: Certainty;
}

export interface PredictionRequest {
  /** Output path of the new system. */
  outPath: string;
  graph: Graph;
  /** Paths of the new build whose references are known already. */
  known: Knowledge;
  old: OldSystem;
  /** What was predicted for other systems, which have most of their packages in common. */
  shared?: SharedPredictions;
}

/** The references of a new path in the place of an old one, and which paths take the places of which. */
interface Predicted {
  references: Map<string, Certainty>;
  predecessors: [path: string, old: string][];
}

export type SharedPredictions = Map<string, Predicted>;

/** Attributes that name what only the build needs. */
const forBuildAlone =
  /^(args|builder|stdenv|shell|initialPath|setup|srcs?|patches|.*[nN]ativeBuildInputs|(native)?[cC]heckInputs|depsBuild.*|configureFlags|cmakeFlags|mesonFlags|disallowed\w+|allowed\w+)(\.|$)/;

/** The closure that a system will have once it is built, by path. */
export function predictClosure(request: PredictionRequest): Map<string, PredictedPath> {
  return new Prediction(request).closure();
}

class Prediction {
  readonly #outPath: string;
  readonly #graph: Graph;
  readonly #known: Knowledge;
  readonly #old: OldSystem;
  readonly #uses: Uses;
  /** The old path that is at the same place, by new path. */
  readonly #predecessors = new Map<string, string>();
  readonly #references = new Map<string, ReadonlyMap<string, Certainty>>();
  readonly #oldNames: Names;
  #newNames: Names | undefined;
  readonly #nearest = new Map<string, string | undefined>();

  readonly #shared: SharedPredictions;

  constructor({ outPath, graph, known, old, shared = new Map() }: PredictionRequest) {
    this.#shared = shared;
    this.#outPath = outPath;
    this.#graph = graph;
    this.#known = known;
    this.#old = old;
    this.#uses = new Uses(old, known, graph);
    this.#oldNames = new Names(old.closure.keys());
    this.#predecessors.set(outPath, old.path);
  }

  closure(): Map<string, PredictedPath> {
    const closure = new Map<string, PredictedPath>();
    const queues: Record<Certainty, string[]> = { known: [this.#outPath], expected: [], probable: [] };
    // The most certain way to a path counts.
    for (const certainty of certainties) {
      for (const path of queues[certainty]) {
        if (closure.has(path)) continue;
        const references = this.#referencesOf(path);
        closure.set(path, {
          references: [...references.keys()],
          narSize: (this.#knownPath(path) ?? this.#old.closure.get(this.#predecessor(path) ?? ''))?.narSize,
          certainty,
        });
        for (const [reference, own] of references) queues[worse(certainty, own)].push(reference);
      }
    }
    return closure;
  }

  #knownPath(path: string): KnownPath | undefined {
    return this.#old.closure.get(path) ?? this.#known.get(path);
  }

  #predecessor(path: string): string | undefined {
    return this.#predecessors.get(path) ?? this.#oldNames.like(path)[0];
  }

  /** What a path refers to beside itself. */
  #referencesOf(path: string): ReadonlyMap<string, Certainty> {
    let references = this.#references.get(path);
    if (!references) {
      const known = this.#knownPath(path);
      const node = builderOf(path, this.#graph);
      const found = known
        ? new Map(known.references.map((each) => [each, 'known' as const]))
        : node && !node.fixed
          ? this.#predict(path, node)
          : new Map<string, Certainty>();
      found.delete(path);
      references = found;
      this.#references.set(path, references);
    }
    return references;
  }

  #predict(path: string, node: Node): Map<string, Certainty> {
    const predecessor = this.#predecessor(path);
    const key = `${path} ${predecessor} ${this.#old.graph !== undefined}`;
    const found = this.#shared.get(key) ?? this.#predictFrom(path, node, predecessor, key);
    for (const [now, before] of found.predecessors) {
      if (!this.#predecessors.has(now)) this.#predecessors.set(now, before);
    }
    return new Map(found.references);
  }

  #predictFrom(path: string, node: Node, predecessor: string | undefined, key: string): Predicted {
    const references = new Map<string, Certainty>();
    const predecessors: [string, string][] = [];
    const add = (reference: string, certainty: Certainty) => {
      const before = references.get(reference);
      if (before === undefined || worse(before, certainty) === before) references.set(reference, certainty);
    };
    const old = new OldOutput(predecessor, this.#uses);
    // Whether other systems decide in the same way.
    let isCommon = true;
    for (const input of buildInputsOf(node, this.#graph)) {
      const [like] = old.like(input.path);
      if (like) predecessors.push([input.path, like.path]);
      const { use, sure } = this.#useOf(path, input, node, like?.use, old);
      if (!like || use === 'copied') isCommon = false;
      if (use === 'referenced') add(input.path, sure ? 'expected' : 'probable');
      if (use !== 'copied') continue;
      if (like && !this.#predecessors.has(input.path)) this.#predecessors.set(input.path, like.path);
      for (const [each, certainty] of this.#referencesOf(input.path)) {
        add(each, worse(certainty, sure ? 'expected' : 'probable'));
      }
    }
    for (const reference of old.unexplained()) {
      if (reference === predecessor) continue;
      const now = this.#same(reference, node);
      if (now === undefined) continue;
      predecessors.push([now, reference]);
      add(now, 'expected');
    }
    const predicted = { references, predecessors };
    if (isCommon) this.#shared.set(key, predicted);
    return predicted;
  }

  #useOf(
    path: string,
    input: Input,
    node: Node,
    before: Use | undefined,
    old: OldOutput,
  ): { use: Use; sure: boolean } {
    if (before) return { use: before, sure: true };
    if (node.isText && inText(input)) return { use: 'referenced', sure: true };
    if (!this.#old.graph && old.isKnown && this.#oldNames.like(input.path).length > 0) {
      // It is not new to the system, and the old output does not refer to it.
      return { use: 'used', sure: true };
    }
    const learned = this.#uses.inPlace(
      input.contexts,
      old.path === undefined ? undefined : { old: old.path, desired: path },
    );
    if (learned) return learned;
    const named = input.contexts.some(({ attribute }) => !forBuildAlone.test(attribute));
    return { use: named ? 'referenced' : 'used', sure: false };
  }

  /** The path of the new build that is what a path of the old system was, for a derivation that may use it. */
  #same(old: string, node: Node): string | undefined {
    const { nodes, builders } = this.#graph;
    this.#newNames ??= new Names([
      ...builders.keys(),
      ...[...nodes.values()].flatMap(({ sources }) => sources),
    ]);
    const candidates = this.#newNames.like(old);
    if (candidates.length <= 1 || candidates[0] === old) return candidates[0];
    const key = `${Object.values(node.outputs)[0]} ${old}`;
    if (!this.#nearest.has(key))
      this.#nearest.set(key, this.#search(node, new Set(candidates)) ?? candidates[0]);
    return this.#nearest.get(key);
  }

  /** The candidate that the fewest steps lead to. */
  #search(from: Node, candidates: ReadonlySet<string>): string | undefined {
    const seen = new Set<Node>([from]);
    for (const node of seen) {
      for (const drvPath of Object.keys(node.inputDrvs)) {
        const input = this.#graph.nodes.get(drvPath);
        if (!input || seen.has(input)) continue;
        const found = Object.values(input.outputs).find((path) => candidates.has(path));
        if (found) return found;
        seen.add(input);
      }
    }
    return undefined;
  }
}

/** The inputs and references of an old output, to find those that are like new ones. */
class OldOutput {
  readonly path: string | undefined;
  readonly isKnown: boolean;
  readonly #uses: ReadonlyMap<string, Use>;
  readonly #names: Names;
  readonly #references: readonly string[];
  readonly #explained: ReadonlySet<string>;

  constructor(path: string | undefined, uses: Uses) {
    this.path = path;
    const references = path === undefined ? undefined : uses.references(path);
    this.#references = references ?? [];
    this.isKnown = references !== undefined;
    const known = path === undefined ? undefined : uses.of(path);
    // Without the derivation, what it refers to is all that is known of its inputs.
    this.#uses = known ?? new Map(this.#references.map((each) => [each, 'referenced']));
    this.#names = new Names(this.#uses.keys());
    const explained = [...(known ?? [])].flatMap(([input, use]) =>
      use === 'referenced' ? [input] : use === 'copied' ? (uses.references(input) ?? []) : [],
    );
    this.#explained = new Set(explained);
  }

  /** Inputs of the same name but for the version; first what is referred to. */
  like(path: string): { path: string; use: Use }[] {
    const found = this.#names.like(path).map((each) => ({ path: each, use: this.#uses.get(each) ?? 'used' }));
    const order: Use[] = ['referenced', 'copied', 'used'];
    return found.sort((a, b) => order.indexOf(a.use) - order.indexOf(b.use));
  }

  /** References that no input brought by itself, such as those to the C library. */
  unexplained(): string[] {
    return this.#references.filter((each) => !this.#explained.has(each));
  }
}

function worse(a: Certainty, b: Certainty): Certainty {
  return certainties.indexOf(a) > certainties.indexOf(b) ? a : b;
}
