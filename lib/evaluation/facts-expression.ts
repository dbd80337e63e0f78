import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';

/** The facts expression, and a hash of it and of the code that condenses its results: a change of either makes cached facts stale. */
export function factsExpression(): { text: string; version: string } {
  const text = readFileSync(join(packageRoot(), 'nix/facts.nix'), 'utf8');
  const hash = createHash('sha256').update(text);
  for (const [path, source] of condensingSources()) hash.update(`\0${path}\0`).update(source);
  return { text, version: hash.digest('hex') };
}

/** The module that condenses facts and everything it imports from this package: path relative to this folder, to source. Sorted. */
export function condensingSources(): Map<string, string> {
  const extension = extname(import.meta.filename);
  const sources = new Map<string, string>();
  const visit = (file: string) => {
    const path = relative(import.meta.dirname, file);
    if (sources.has(path)) return;
    const source = readFileSync(file, 'utf8');
    sources.set(path, source);
    // Types have no effect on the result, and are not in the published package.
    const imports = source.matchAll(
      /^(?:import|export)\s+(?!type\b)(?:[^'"]*?\bfrom\s+)?['"](\.[^'"]+)['"]/gm,
    );
    for (const [, specifier = ''] of imports) visit(join(dirname(file), specifier));
  };
  visit(join(import.meta.dirname, `condense-fleet${extension}`));
  return new Map([...sources].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The nearest parent folder with nix/facts.nix: the package runs from its sources or from dist/. */
function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'nix/facts.nix'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('nix/facts.nix is missing from this installation of nixos-fleet');
    folder = parent;
  }
  return folder;
}
