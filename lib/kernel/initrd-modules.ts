import type { HostFacts } from '../../schema/facts.ts';
import { moduleName, moduleSymbol } from './module-symbols.ts';
import { type KnownKernel, symbolValue } from './symbols.ts';

export interface MissingModule {
  module: string;
  /** Symbol that would make it; undefined where the kernel makes no modules and the symbol is not known. */
  symbol: string | undefined;
}

/** Modules that the kernel, as far as its configuration tells, neither builds nor has built in. */
export function missingModules(modules: readonly string[], kernel: KnownKernel): MissingModule[] {
  const modular = symbolValue(kernel, 'MODULES') !== 'n';
  return [...new Set(modules.map(moduleName))].sort().flatMap((module) => {
    const symbol = moduleSymbol(module);
    const value = symbol === undefined ? undefined : symbolValue(kernel, symbol);
    if (value === 'n') return [{ module, symbol }];
    // Without modules only what is built in is there, and the symbol says which.
    if (!modular && value === undefined) return [{ module, symbol }];
    return [];
  });
}

/** The root file system's symbol where the kernel lacks it: with no initrd module for it, nothing mounts the root. */
export function missingRootFileSystem(
  fileSystems: HostFacts['fileSystems'],
  kernel: KnownKernel,
): MissingModule | undefined {
  const [fsType = ''] = (fileSystems['/'] ?? '').split(' ');
  return missingModules([fsType], kernel).find(({ symbol }) => symbol !== undefined);
}
