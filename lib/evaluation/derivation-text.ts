import { readDerivation } from '../store/nix/derivation.ts';
import { storeName } from '../store/nix/nix.ts';

/** Attributes with the content that a derivation writes; the others describe how it is built. */
const contentAttributes = ['text', 'buildCommand', 'value', 'json', 'content', 'contents', 'script'];
const maxTexts = 40;
const maxTextLength = 64 * 1024;

export interface NamedText {
  name: string;
  content: string;
}

interface TextNode {
  content: string;
  outputs: string[];
  /** Input derivations that write texts, too. */
  inputs: string[];
}

/**
 * Reads the texts of configuration files and scripts from the derivations that write them, and the texts they refer to: most
 * services have their settings not in the unit but in files that it names.
 */
export class DerivationTexts {
  readonly #nodes = new Map<string, Promise<TextNode | undefined>>();
  readonly #read: typeof readDerivation;

  constructor(read: typeof readDerivation = readDerivation) {
    this.#read = read;
  }

  /** The derivation's text and those it refers to; empty if it is not in the store. */
  async texts(drvPath: string): Promise<NamedText[]> {
    const texts: NamedText[] = [];
    const queue = [drvPath];
    const seen = new Set(queue);
    for (let next = queue.shift(); next && seen.size <= maxTexts; next = queue.shift()) {
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
      content: contentOf(derivation).slice(0, maxTextLength),
      outputs: Object.values(derivation.outputs).filter(Boolean),
      inputs: Object.keys(derivation.inputDrvs).filter(isText),
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

/** Whether the name has no version, as Nix's parseDrvName finds it: packages have one. */
function isText(drvPath: string): boolean {
  return !/-[^A-Za-z]/.test(storeName(drvPath));
}
