import type { EvaluatedKernel } from '../../schema/evaluation.ts';
import type { KconfigTree } from './kconfig/definitions.ts';
import { whyNot } from './kconfig/why.ts';

export interface Dropped {
  symbol: string;
  asked: string;
  /** What Kconfig made of it; `n` for nothing. */
  is: string;
}

/** Symbols that were asked for and that Kconfig dropped or changed; those that it may leave out are left out here, too. */
export function droppedSymbols({
  config,
  optional,
  configured = {},
}: Pick<EvaluatedKernel, 'config' | 'optional' | 'configured'>): Dropped[] {
  const may = new Set(optional);
  return Object.entries(config)
    .filter(([symbol, asked]) => !may.has(symbol) && !same(asked, configured[symbol] ?? 'n'))
    .map(([symbol, asked]) => ({ symbol, asked, is: configured[symbol] ?? 'n' }))
    .sort((a, b) => a.symbol.localeCompare(b.symbol));
}

/** What Kconfig made of what was asked, and why where its files say so. */
export function describeDropped(
  dropped: readonly Dropped[],
  configured: Readonly<Record<string, string>>,
  tree: KconfigTree | undefined,
): string[] {
  return dropped.map(({ symbol, asked, is }) => {
    const why = tree && whyNot(tree, symbol, asked, (name) => configured[name] ?? 'n');
    return `${symbol}: asked for ${asked}, got ${is}${why ? `: ${why}` : ''}`;
  });
}

/** Kconfig writes numbers in its own way. */
function same(asked: string, is: string): boolean {
  if (asked === is || (asked === '' && is === 'n')) return true;
  return asked !== '' && /^(0x[0-9a-f]+|\d+)$/i.test(asked) && Number(asked) === Number(is);
}
