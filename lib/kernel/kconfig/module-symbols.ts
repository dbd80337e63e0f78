import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readFileIn } from './source.ts';

/** The files in which Kbuild maps symbols to modules. */
export const kbuildFiles = ['Makefile', 'Kbuild'] as const;

const notCode = new Set(['Documentation', 'tools', 'scripts', 'samples', 'include', 'LICENSES', 'usr']);

/** Module to the symbols that build it (`e1000e` to E1000E), from all Kbuild files except those of other architectures. */
export function readModuleSymbols(folder: string, srcArch: string): Map<string, string[]> {
  const symbols = new Map<string, string[]>();
  const visit = (path: string) => {
    for (const file of kbuildFiles) {
      for (const [module, symbol] of parseKbuild(readFileIn(folder, join(path, file)) ?? '')) {
        const known = symbols.get(module) ?? [];
        if (!known.includes(symbol)) symbols.set(module, [...known, symbol]);
      }
    }
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      if (!entry.isDirectory() || (path === '' && notCode.has(entry.name))) continue;
      if (path === 'arch' && entry.name !== srcArch) continue;
      visit(join(path, entry.name));
    }
  };
  visit('');
  return symbols;
}

/** `obj-$(CONFIG_E1000E) += e1000e.o` as ['e1000e', 'E1000E']; folders and the parts of modules are left out. */
export function parseKbuild(text: string): [module: string, symbol: string][] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line): [string, string][] => {
      const [, symbol, objects] = /^\s*obj-\$[({]CONFIG_(\w+)[)}]\s*[:+]?=\s*([^#]*)/.exec(line) ?? [];
      if (symbol === undefined || objects === undefined) return [];
      return objects
        .split(/\s+/)
        .filter((object) => object.endsWith('.o'))
        .map((object) => [object.replace(/^.*\//, '').slice(0, -2).replaceAll('-', '_'), symbol]);
    });
}
