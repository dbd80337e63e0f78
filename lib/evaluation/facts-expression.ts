import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { packageRoot } from '../base/package-root.ts';

/** The facts expression, and a hash of it and of the code that condenses its results: a change of either makes cached facts stale. */
export function factsExpression(): { text: string; version: string } {
  const text = readFileSync(join(packageRoot(), 'nix/facts.nix'), 'utf8');
  // A bundle has the hash in the place of the sources.
  const kept = join(import.meta.dirname, condensingHashFile);
  const code = existsSync(kept) ? readFileSync(kept, 'utf8') : condensingHash();
  return { text, version: createHash('sha256').update(text).update(code).digest('hex') };
}

/** Has condensingHash() where there are no sources; in the folder of this module. */
export const condensingHashFile = 'condensing.sha256';

export function condensingHash(): string {
  const hash = createHash('sha256');
  for (const [path, source] of condensingSources()) hash.update(`\0${path}\0`).update(source);
  return hash.digest('hex');
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
