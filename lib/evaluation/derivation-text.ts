import { readDerivation } from '../store/nix/derivation.ts';
import { storeName } from '../store/nix/nix.ts';

/** Attributes that hold the content of what a derivation writes; the rest is how it is built. */
const contentAttributes = ['text', 'buildCommand', 'value', 'json', 'content', 'contents', 'script'];
const mostTexts = 40;
const longestText = 64 * 1024;

export interface NamedText {
  name: string;
  content: string;
}

interface TextNode {
  content: string;
  outputs: string[];
  /** Inputs that are texts themselves. */
  inputs: string[];
}

/**
 * Reads the texts of configuration files and scripts from the derivations that write them, with those of the files
 * they refer to: most services' settings are not in their units but in files that the units name.
 */
export class DerivationTexts {
  readonly #nodes = new Map<string, Promise<TextNode | undefined>>();
  readonly #read: typeof readDerivation;

  constructor(read: typeof readDerivation = readDerivation) {
    this.#read = read;
  }

  /** The derivation's own text, and those it refers to; empty where it is not in the store. */
  async texts(drvPath: string): Promise<NamedText[]> {
    const texts: NamedText[] = [];
    const queue = [drvPath];
    const seen = new Set(queue);
    for (let next = queue.shift(); next && seen.size <= mostTexts; next = queue.shift()) {
      const node = await this.#node(next);
      if (!node) continue;
      texts.push({ name: storeName(next), content: node.content.trimEnd() });
      for (const input of node.inputs) {
        const outputs = (await this.#node(input))?.outputs ?? [];
        if (seen.has(input) || !outputs.some((output) => node.content.includes(output))) continue;
        seen.add(input);
        queue.push(input);
      }
    }
    return texts;
  }

  #node(drvPath: string): Promise<TextNode | undefined> {
    let node = this.#nodes.get(drvPath);
    if (!node) {
      node = this.#load(drvPath);
      this.#nodes.set(drvPath, node);
    }
    return node;
  }

  async #load(drvPath: string): Promise<TextNode | undefined> {
    const derivation = await this.#read(drvPath);
    if (!derivation) return undefined;
    return {
      content: contentOf(derivation).slice(0, longestText),
      outputs: derivation.outputs.filter(Boolean),
      inputs: derivation.inputDrvs.filter(isText),
    };
  }
}

function contentOf({ env, args }: { env: Record<string, string>; args: string[] }): string {
  const attributes = env.__json === undefined ? env : { ...env, ...strings(env.__json) };
  const values = contentAttributes.flatMap((name) => attributes[name] ?? []);
  return values.length > 0 ? values.join('\n') : args.join('\n');
}

/** String attributes of a derivation with structured attributes. */
function strings(json: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(JSON.parse(json) as Record<string, unknown>).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** Packages have a version in their names, as Nix's parseDrvName sees it; texts have none. */
function isText(drvPath: string): boolean {
  return !/-[^A-Za-z]/.test(storeName(drvPath));
}
