import type { Definition, KconfigTree } from './definitions.ts';
import { evaluate, type Tristate, unmet } from './expression.ts';

/**
 * Why a symbol did not get the requested value, in Kconfig's terms; undefined if its files do not give the reason.
 * @param value a symbol's value in the resulting configuration; `n` if the configuration does not name it
 */
export function explainValue(
  tree: KconfigTree,
  symbol: string,
  requested: string,
  value: (symbol: string) => string,
): string | undefined {
  const definitions = tree.definitions.get(symbol);
  if (!definitions) return 'this version of the kernel has no such symbol';
  const actual = level(value(symbol));
  const wanted = level(requested);
  if (wanted < actual) {
    const selecting = activeSelectors(tree, symbol, value);
    if (selecting.length > 0) return `it is selected by ${selecting.join(', ')}`;
  }
  const unmetOnes = unmetDependencies(definitions, wanted < actual ? 0 : wanted, value);
  if (unmetOnes.length > 0) return `it depends on ${unmetOnes.join(' and ')}`;
  const prompts = definitions.filter(({ prompt }) => prompt);
  if (prompts.length === 0) {
    const selectors = (tree.selections.get(symbol) ?? []).map(({ by }) => by);
    return selectors.length > 0
      ? `it has no prompt: it is set only if one of these selects it: ${[...new Set(selectors)].slice(0, 5).join(', ')}`
      : 'it has no prompt: Kconfig computes its value';
  }
  const hidden = prompts.map(({ promptIf }) => (promptIf ? unmet(promptIf, 2, value) : []));
  if (hidden.every((parts) => parts.length > 0)) {
    return `it can be set only if ${[...new Set(hidden.flat())].join(' and ')}`;
  }
  if (definitions.every(({ type }) => type === 'bool') && requested === 'm') return 'it cannot be a module';
  if (definitions.some(({ choice }) => choice)) return 'another symbol of its choice is set';
  return undefined;
}

function activeSelectors(tree: KconfigTree, symbol: string, value: (symbol: string) => string): string[] {
  const active = (tree.selections.get(symbol) ?? []).filter(
    ({ by, condition }) => level(value(by)) > 0 && (!condition || evaluate(condition, value) !== 0),
  );
  return [...new Set(active.map(({ by }) => by))].slice(0, 5);
}

/** Unmet dependencies of the definition with the fewest of them: one definition is enough for a symbol. */
function unmetDependencies(
  definitions: readonly Definition[],
  wanted: Tristate,
  value: (symbol: string) => string,
): string[] {
  const all = definitions.map(({ depends, type }) => {
    // A bool can be y if its dependency is a module.
    const needed = type === 'tristate' ? wanted : (Math.min(wanted, 1) as Tristate);
    return [...new Set(depends.flatMap((on) => unmet(on, needed, value)))];
  });
  return all.sort((a, b) => a.length - b.length)[0] ?? [];
}

/** A string or a number counts as y. */
function level(value: string): Tristate {
  return value === 'n' || value === '' ? 0 : value === 'm' ? 1 : 2;
}
