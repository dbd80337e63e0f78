import { sha256 } from '../../../../../lib/base/hash.ts';
import { type Graph, nodeOf } from '../../../../../lib/evaluation/closure/graph.ts';
import { parseName } from '../../../../../lib/evaluation/closure/names.ts';
import type { KnownPath } from '../../../../../lib/evaluation/closure/uses.ts';
import type { Derivation } from '../../../../../lib/store/nix/derivation.ts';

/** A made-up derivation: attributes whose values name others by `@name-version`, and what its built output refers to. */
export interface Made {
  [attribute: string]: string | readonly string[] | undefined;
  refersTo?: readonly string[];
}

/** A store path of its own for each name and system. */
export function storePath(name: string, system: string): string {
  // Nix's digits lack this one.
  const hash = sha256(`${name} ${system}`).slice(0, 32).replaceAll('e', 'z');
  return `/nix/store/${hash}-${name}`;
}

/** The derivations of a system by name, and its closure once it is built. */
export function madeGraph(
  made: Readonly<Record<string, Made>>,
  systemOf: (name: string) => string,
): { graph: Graph; pathOf: (name: string) => string; closure: Map<string, KnownPath> } {
  const pathOf = (name: string) => storePath(name, systemOf(name));
  const derivations = Object.entries(made).map(([name, { refersTo: _, ...attributes }]) => {
    const env = Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [
        key,
        String(value).replaceAll(/@([\w.+-]*[\w+])/g, (_, other) => pathOf(other)),
      ]),
    );
    const names = [...String(Object.values(attributes)).matchAll(/@([\w.+-]*[\w+])/g)].map(
      (match) => match[1] ?? '',
    );
    const inputDrvs = Object.fromEntries(names.map((each) => [`${pathOf(each)}.drv`, ['out']]));
    const outputs = { out: pathOf(name) };
    const derivation: Derivation = {
      outputs,
      fixed: false,
      inputDrvs,
      sources: [],
      system: '',
      args: [],
      env,
    };
    return [`${pathOf(name)}.drv`, nodeOf(derivation)] as const;
  });
  const closure = Object.entries(made).map(([name, { refersTo = [] }]) => {
    const narSize = 1000 * parseName(name).name.length;
    return [pathOf(name), { references: refersTo.map(pathOf), narSize }] as const;
  });
  return {
    graph: {
      nodes: new Map(derivations),
      builders: new Map(Object.keys(made).map((name) => [pathOf(name), `${pathOf(name)}.drv`])),
    },
    pathOf,
    closure: new Map(closure),
  };
}
