import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest parent folder with nix/facts.nix: the package runs from its sources or from dist/. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'nix/facts.nix'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('nix/facts.nix is missing from this installation of nixos-fleet');
    folder = parent;
  }
  return folder;
}
