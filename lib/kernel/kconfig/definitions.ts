import { type Expression, parseExpression } from './expression.ts';

/** One `config` entry of a symbol; a symbol may have several. */
export interface Definition {
  type?: 'bool' | 'tristate' | 'string' | 'int' | 'hex';
  /** Dependencies of the symbol, its menus and the `if`s around it. */
  depends: Expression[];
  /** Whether it can be set; without a prompt its value follows from defaults and other symbols. */
  prompt: boolean;
  /** Condition of the prompt. */
  promptIf?: Expression;
  /** Whether it belongs to a choice, of which only one symbol can be y. */
  choice: boolean;
}

interface Selection {
  by: string;
  condition?: Expression;
}

/** The parts of the Kconfig files that explain why a symbol has its value. */
export interface KconfigTree {
  definitions: Map<string, Definition[]>;
  /** Symbol to the symbols that select it. */
  selections: Map<string, Selection[]>;
}

/**
 * Reads the Kconfig files, starting with the topmost one.
 * @param read text of a file by its path in the source; undefined if it does not exist
 * @param srcArch folder of the architecture in arch/, such as x86
 */
export function readKconfig(read: (path: string) => string | undefined, srcArch: string): KconfigTree {
  const tree: KconfigTree = { definitions: new Map(), selections: new Map() };
  new Reader(read, srcArch, tree).file('Kconfig', []);
  return tree;
}

interface Block {
  kind: 'if' | 'menu' | 'choice';
  depends: Expression[];
}

class Reader {
  readonly #read: (path: string) => string | undefined;
  readonly #srcArch: string;
  readonly #tree: KconfigTree;

  constructor(read: (path: string) => string | undefined, srcArch: string, tree: KconfigTree) {
    this.#read = read;
    this.#srcArch = srcArch;
    this.#tree = tree;
  }

  file(path: string, outer: readonly Block[]): void {
    const text = this.#read(path);
    if (text === undefined) return;
    const blocks: Block[] = [];
    let entry: { name: string; definition: Definition } | undefined;
    for (const line of statements(text)) {
      const [, word = '', rest = ''] = /^\s*([A-Za-z_-]+)\s*(.*)$/.exec(line) ?? [];
      const around = () => [...outer, ...blocks];
      if (word === 'config' || word === 'menuconfig') {
        entry = { name: rest.trim(), definition: this.#begin(rest.trim(), around()) };
      } else if (word === 'if' || word === 'menu' || word === 'choice') {
        entry = undefined;
        const condition = word === 'if' ? parseExpression(rest) : undefined;
        blocks.push({ kind: word, depends: condition ? [condition] : [] });
      } else if (/^end(if|menu|choice)$/.test(word)) {
        entry = undefined;
        blocks.pop();
      } else if (word === 'source') {
        entry = undefined;
        const named = rest.trim().replace(/^["']|["']$/g, '');
        this.file(named.replace(/\$\(?SRCARCH\)?/, this.#srcArch), around());
      } else if (word === 'comment' || word === 'mainmenu') {
        entry = undefined;
      } else if (entry) {
        this.#attribute(entry.name, entry.definition, word, rest);
      } else if (word === 'depends') {
        const condition = parseExpression(rest.replace(/^on\s/, ''));
        const block = blocks.at(-1);
        if (condition && block) block.depends.push(condition);
      }
    }
  }

  #begin(name: string, around: readonly Block[]): Definition {
    const definition: Definition = {
      depends: around.flatMap(({ depends }) => depends),
      prompt: false,
      choice: around.at(-1)?.kind === 'choice',
    };
    const all = this.#tree.definitions.get(name) ?? [];
    this.#tree.definitions.set(name, [...all, definition]);
    return definition;
  }

  #attribute(name: string, definition: Definition, word: string, rest: string): void {
    const [, main = '', condition = ''] = /^(.*?)(?:\sif\s(.*))?$/.exec(rest) ?? [];
    const parsed = parseExpression(condition);
    if (/^(bool|tristate|string|int|hex)$/.test(word)) definition.type = word as Definition['type'];
    if (word === 'def_bool' || word === 'def_tristate')
      definition.type = word === 'def_bool' ? 'bool' : 'tristate';
    if (/^(bool|tristate|string|int|hex|prompt)$/.test(word) && /^\s*["']/.test(main)) {
      definition.prompt = true;
      if (parsed) definition.promptIf = parsed;
    }
    if (word === 'depends') {
      const on = parseExpression(rest.replace(/^on\s/, ''));
      if (on) definition.depends.push(on);
    }
    if (word === 'select') {
      const target = main.trim();
      const selection: Selection = { by: name, condition: parsed };
      this.#tree.selections.set(target, [...(this.#tree.selections.get(target) ?? []), selection]);
    }
  }
}

/** Lines without help texts, comments and blank lines; continued lines are joined. */
function statements(text: string): string[] {
  const result: string[] = [];
  let helpIndent: number | undefined;
  let inHelp = false;
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    if (!line.trim()) continue;
    const indent = line.replaceAll('\t', '        ').search(/\S/);
    if (inHelp) {
      helpIndent ??= indent;
      // A help text ends with its indentation.
      if (indent >= helpIndent && indent > 0) continue;
      inHelp = false;
    }
    if (/^\s*(help|---help---)\s*$/.test(line)) {
      inHelp = true;
      helpIndent = undefined;
    } else if (!/^\s*#/.test(line)) result.push(line);
  }
  return result;
}
