import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { packageRoot } from '../base/package-root.ts';

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
