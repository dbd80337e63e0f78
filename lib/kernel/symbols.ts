import type { EvaluatedKernel } from '../../schema/evaluation.ts';

/** A kernel with its symbols, as far as they are known. */
export type KnownKernel = Pick<EvaluatedKernel, 'version' | 'config' | 'configOrigin' | 'configured'>;

/** `y`, `m`, `n` or a value; undefined if only a run of Kconfig can decide. */
export function symbolValue(kernel: KnownKernel, symbol: string): string | undefined {
  if (kernel.configured) return kernel.configured[symbol] ?? 'n';
  return kernel.config[symbol] ?? (kernel.configOrigin === 'whole' ? 'n' : undefined);
}
