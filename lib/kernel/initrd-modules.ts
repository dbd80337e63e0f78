import type { HostFacts } from '../../schema/facts.ts';
import { moduleName, moduleSymbol } from './module-symbols.ts';
import { type KnownKernel, symbolValue } from './symbols.ts';

export interface MissingModule {
  module: string;
  /** Symbol that builds it; undefined if the kernel has no modules and the symbol is unknown. */
  symbol: string | undefined;
}

/** Modules that the kernel neither builds nor has built in, as far as its configuration is known. */
export function missingModules(modules: readonly string[], kernel: KnownKernel): MissingModule[] {
  const modular = symbolValue(kernel, 'MODULES') !== 'n';
  return [...new Set(modules.map(moduleName))].sort().flatMap((module) => {
    const symbol = moduleSymbol(module);
    const value = symbol === undefined ? undefined : symbolValue(kernel, symbol);
    if (value === 'n') return [{ module, symbol }];
    // A kernel without modules has only what is built in.
    if (!modular && value === undefined) return [{ module, symbol }];
    return [];
  });
}

/** The root file system's module and symbol if the kernel lacks them: then nothing can mount the root. */
export function missingRootFileSystem(
  fileSystems: HostFacts['fileSystems'],
  kernel: KnownKernel,
): MissingModule | undefined {
  const [fsType = ''] = (fileSystems['/'] ?? '').split(' ');
  return missingModules([fsType], kernel).find(({ symbol }) => symbol !== undefined);
}
