import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The facts expression, and a hash of it and of the code that condenses its answers: a change of either makes a cached fact stale. */
export function factsExpression(): { text: string; version: string } {
  const text = readFileSync(join(packageRoot(), 'nix/facts.nix'), 'utf8');
  const hash = createHash('sha256').update(text);
  const folder = import.meta.dirname;
  for (const file of readdirSync(folder)
    .filter((name) => /\.[jt]s$/.test(name))
    .sort()) {
    hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
  }
  return { text, version: hash.digest('hex') };
}

/** The folder above this file that has nix/facts.nix: the package is run from its sources and from dist/ alike. */
function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'nix/facts.nix'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('nix/facts.nix is missing from this installation of nixos-fleet');
    folder = parent;
  }
  return folder;
}
