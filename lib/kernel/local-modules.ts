import { FleetError } from '../base/errors.ts';
import type { Machine } from '../machine/ssh/machine.ts';
import { kbuildFiles, readModuleSymbols } from './kconfig/module-symbols.ts';
import { withSource } from './kconfig/source.ts';

export interface LoadedModules {
  /** Running kernel, as `uname -r` says it. */
  release: string;
  /** Folder of arch/ in a kernel's source. */
  srcArch: string;
  /** By the names the kernel gives them. */
  modules: string[];
}

/** What a running machine has loaded. */
export async function loadedModules(machine: Machine): Promise<LoadedModules> {
  const { exitCode, stdout, stderr } = await machine.run(
    'uname -r; uname -m; [ ! -e /proc/modules ] || cat /proc/modules',
  );
  if (exitCode !== 0) {
    throw new FleetError({
      code: 'command-failed',
      host: machine.name,
      what: 'cannot read the modules',
      why: stderr,
    });
  }
  return parseLoaded(stdout);
}

/** The lines of `uname -r`, `uname -m` and /proc/modules. */
export function parseLoaded(text: string): LoadedModules {
  const [release = '', machine = '', ...lines] = text.split('\n');
  return {
    release,
    srcArch: { x86_64: 'x86', i686: 'x86', aarch64: 'arm64', riscv64: 'riscv' }[machine] ?? machine,
    modules: lines
      .map((line) => line.split(' ', 1)[0] ?? '')
      .filter(Boolean)
      .sort(),
  };
}

/**
 * A configuration of the modules alone, as lines of a .config: what `make localmodconfig` keeps of a kernel.
 * @throws FleetError `config-invalid` where the source cannot be read
 */
export async function moduleFragment(
  host: string,
  { modules, srcArch, release }: LoadedModules,
  source: string,
): Promise<string> {
  const symbols = await withSource(source, kbuildFiles, (folder) => readModuleSymbols(folder, srcArch));
  if (!symbols || symbols.size === 0) {
    throw new FleetError({
      code: 'config-invalid',
      what: `${source} is no kernel source: it has no Kbuild files`,
      fix: 'Give an unpacked source or its archive; of nixpkgs’ kernel: nix build --print-out-paths nixpkgs#linux.src',
    });
  }
  const known = modules.flatMap((module) =>
    (symbols.get(module) ?? []).map((symbol): [string, string] => [symbol, module]),
  );
  const bySymbol = Map.groupBy(known, ([symbol]) => symbol);
  const unknown = modules.filter((module) => !symbols.has(module));
  return [
    `# The ${modules.length} modules that ${host} had loaded (Linux ${release}).`,
    ...[...bySymbol]
      .sort(([a], [b]) => a.localeCompare(b))
      .flatMap(([symbol, of]) => [`# ${of.map(([, module]) => module).join(', ')}`, `CONFIG_${symbol}=m`]),
    ...(unknown.length > 0 ? [`# Not of this source: ${unknown.join(', ')}`] : []),
    '',
  ].join('\n');
}
