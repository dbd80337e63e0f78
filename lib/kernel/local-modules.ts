import { FleetError } from '../base/errors.ts';
import type { Machine } from '../machine/ssh/machine.ts';
import { kbuildFiles, readModuleSymbols } from './kconfig/module-symbols.ts';
import { withSource } from './kconfig/source.ts';

export interface LoadedModules {
  /** Release of the running kernel (`uname -r`). */
  release: string;
  /** Folder of arch/ in a kernel's source. */
  srcArch: string;
  /** Names as in /proc/modules, sorted. */
  modules: string[];
}

/**
 * Reads which modules a running machine has loaded.
 * @throws FleetError `command-failed` if they cannot be read; errors of the connection
 */
export async function loadedModules(machine: Machine): Promise<LoadedModules> {
  const { exitCode, stdout, stderr } = await machine.run(
    'uname -r; uname -m; [ ! -e /proc/modules ] || cat /proc/modules',
  );
  if (exitCode !== 0) {
    throw new FleetError({
      code: 'command-failed',
      host: machine.name,
      what: 'cannot read the loaded modules',
      why: stderr,
    });
  }
  return parseLoaded(stdout);
}

/** Parses the output of `uname -r` and `uname -m`, followed by /proc/modules. */
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
 * The lines of a .config that build these modules, as `make localmodconfig` keeps them.
 * @param host name of the machine, for the heading
 * @param source folder or archive of the kernel's source
 * @throws FleetError `config-invalid` if the source cannot be read
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
      what: `${source} is not a kernel source: it has no Kbuild files`,
      fix: 'Pass an unpacked source or its archive. The source of nixpkgs’ kernel: nix build --print-out-paths nixpkgs#linux.src',
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
      .flatMap(([symbol, entries]) => [
        `# ${entries.map(([, module]) => module).join(', ')}`,
        `CONFIG_${symbol}=m`,
      ]),
    ...(unknown.length > 0 ? [`# Not in this source: ${unknown.join(', ')}`] : []),
    '',
  ].join('\n');
}
