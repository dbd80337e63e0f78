import type { Definition, KconfigTree } from './definitions.ts';
import { evaluate, type Tristate, unmet } from './expression.ts';

/**
 * Why a symbol did not get the value that was asked for, in Kconfig's terms; undefined where its files do not tell.
 * @param value each symbol's value in the resulting configuration; `n` for one that is not there
 */
export function whyNot(
  tree: KconfigTree,
  symbol: string,
  asked: string,
  value: (symbol: string) => string,
): string | undefined {
  const definitions = tree.definitions.get(symbol);
  if (!definitions) return 'this version of the kernel has no such symbol';
  const is = level(value(symbol));
  const wanted = level(asked);
  if (wanted < is) {
    const selecting = selectors(tree, symbol, value);
    if (selecting.length > 0) return `it is selected by ${selecting.join(', ')}`;
  }
  const lacking = unmetDependencies(definitions, wanted < is ? 0 : wanted, value);
  if (lacking.length > 0) return `it depends on ${lacking.join(' and ')}`;
  const prompts = definitions.filter(({ prompt }) => prompt);
  if (prompts.length === 0) {
    const able = (tree.selections.get(symbol) ?? []).map(({ by }) => by);
    return able.length > 0
      ? `it cannot be set: it is on where one of these is: ${[...new Set(able)].slice(0, 5).join(', ')}`
      : 'it cannot be set: Kconfig decides it by itself';
  }
  const hidden = prompts.map(({ promptIf }) => (promptIf ? unmet(promptIf, 2, value) : []));
  if (hidden.every((parts) => parts.length > 0)) {
    return `it can be set only with ${[...new Set(hidden.flat())].join(' and ')}`;
  }
  if (definitions.every(({ type }) => type === 'bool') && asked === 'm') return 'it cannot be a module';
  if (definitions.some(({ choice }) => choice)) return 'it is one of a choice, and another one was chosen';
  return undefined;
}

function selectors(tree: KconfigTree, symbol: string, value: (symbol: string) => string): string[] {
  const active = (tree.selections.get(symbol) ?? []).filter(
    ({ by, condition }) => level(value(by)) > 0 && (!condition || evaluate(condition, value) !== 0),
  );
  return [...new Set(active.map(({ by }) => by))].slice(0, 5);
}

/** Of the definition that lacks the least: a symbol needs one of its definitions only. */
function unmetDependencies(
  definitions: readonly Definition[],
  wanted: Tristate,
  value: (symbol: string) => string,
): string[] {
  const lacking = definitions.map(({ depends, type }) => {
    // A bool is there with a dependency that is a module.
    const needed = type === 'tristate' ? wanted : (Math.min(wanted, 1) as Tristate);
    return [...new Set(depends.flatMap((on) => unmet(on, needed, value)))];
  });
  return lacking.sort((a, b) => a.length - b.length)[0] ?? [];
}

/** A string or a number counts as set. */
function level(value: string): Tristate {
  return value === 'n' || value === '' ? 0 : value === 'm' ? 1 : 2;
}
