import type { EvaluatedKernel } from '../../schema/evaluation.ts';
import type { KconfigTree } from './kconfig/definitions.ts';
import { explainValue } from './kconfig/explain-value.ts';

export interface DroppedSymbol {
  symbol: string;
  requested: string;
  /** Value in the resulting configuration; `n` if it does not name the symbol. */
  actual: string;
}

/** Requested symbols that Kconfig dropped or changed, without those that are optional. */
export function droppedSymbols({
  config,
  optional,
  configured = {},
}: Pick<EvaluatedKernel, 'config' | 'optional' | 'configured'>): DroppedSymbol[] {
  return Object.entries(config)
    .map(([symbol, requested]) => ({ symbol, requested, actual: configured[symbol] ?? 'n' }))
    .filter(({ symbol, requested, actual }) => !optional.includes(symbol) && !sameValue(requested, actual))
    .sort((a, b) => a.symbol.localeCompare(b.symbol));
}

/** One line for each symbol, with the reason if the Kconfig files give it. */
export function describeDropped(
  dropped: readonly DroppedSymbol[],
  configured: Readonly<Record<string, string>>,
  tree: KconfigTree | undefined,
): string[] {
  return dropped.map(({ symbol, requested, actual }) => {
    const why = tree && explainValue(tree, symbol, requested, (name) => configured[name] ?? 'n');
    return `${symbol}: requested ${requested}, got ${actual}${why ? `: ${why}` : ''}`;
  });
}

/** Compares numbers by value: Kconfig may change their notation. */
function sameValue(requested: string, actual: string): boolean {
  if (requested === actual || (requested === '' && actual === 'n')) return true;
  return /^(0x[0-9a-f]+|\d+)$/i.test(requested) && Number(requested) === Number(actual);
}
