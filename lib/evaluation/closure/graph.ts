import { type Derivation, readDerivation } from '../../store/nix/derivation.ts';
import { storeName } from '../../store/nix/nix.ts';
import { findMentions, type Mentions } from './mentions.ts';

/** What a prediction needs of a derivation. */
export interface Node {
  /** Output paths by name, without those that only a build tells. */
  outputs: Readonly<Record<string, string>>;
  fixed: boolean;
  inputDrvs: Readonly<Record<string, readonly string[]>>;
  sources: readonly string[];
  mentions: Mentions;
  /** Whether it writes a text that its attribute `text` holds. */
  isText: boolean;
}

/** Derivations of a build, by the paths of their outputs and by their own. */
export interface Graph {
  nodes: ReadonlyMap<string, Node>;
  /** The derivation of each output. */
  builders: ReadonlyMap<string, string>;
}

export function nodeOf(derivation: Derivation): Node {
  const { fixed, inputDrvs, sources, env } = derivation;
  return {
    outputs: Object.fromEntries(Object.entries(derivation.outputs).filter(([, path]) => path !== '')),
    fixed,
    inputDrvs,
    sources,
    mentions: fixed ? new Map() : findMentions(derivation),
    isText: env.text !== undefined || /"text":/.test(env.__json ?? ''),
  };
}

/** Derivations of this computer's store, each read once. */
export class Derivations {
  readonly #nodes = new Map<string, Promise<Node | undefined>>();
  readonly #read: typeof readDerivation;

  constructor(read: typeof readDerivation = readDerivation) {
    this.#read = read;
  }

  /** Everything that a build of the derivation needs; undefined if a part of it is not in the store. */
  async graph(drvPath: string): Promise<Graph | undefined> {
    const nodes = new Map<string, Node>();
    const builders = new Map<string, string>();
    const seen = new Set([drvPath]);
    for (let queue = [drvPath]; queue.length > 0; ) {
      const part = queue.splice(0, 64);
      const read = await Promise.all(part.map((each) => this.#node(each)));
      for (const [index, each] of part.entries()) {
        const node = read[index];
        if (!node) return undefined;
        nodes.set(each, node);
        for (const path of Object.values(node.outputs)) builders.set(path, each);
        for (const input of Object.keys(node.inputDrvs)) {
          if (seen.has(input)) continue;
          seen.add(input);
          queue.push(input);
        }
      }
    }
    return { nodes, builders };
  }

  #node(drvPath: string): Promise<Node | undefined> {
    let node = this.#nodes.get(drvPath);
    if (!node) {
      node = this.#read(drvPath).then((derivation) => derivation && nodeOf(derivation));
      this.#nodes.set(drvPath, node);
    }
    return node;
  }
}

/** Whether a store path is a text, a unit or a script rather than a package: its name has no version. */
export function isPlain(path: string): boolean {
  return !/-[^A-Za-z]/.test(storeName(path));
}
