import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const folder = resolve(import.meta.dirname, '../../../nix');
/** A relative path of Nix; comments and what is in strings come after other characters. */
const relativePath = /(?<=[\s([=])\.{1,2}\/[\w./-]*/g;

test('a copy of the folder nix has all files that its modules read', () => {
  const files = globSync(join(folder, '**/*.nix'));
  const paths = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(relativePath)].map(([path]) => [file, path] as const),
  );
  assert.ok(paths.some(([, path]) => path.endsWith('supervisor.sh')));
  for (const [file, path] of paths) {
    const target = resolve(dirname(file), path);
    const name = `${path} in nix/${relative(folder, file)}`;
    assert.ok(!relative(folder, target).startsWith('..'), `${name} is in the folder`);
    if (path.endsWith('.sh')) assert.ok(existsSync(target), `${name} exists`);
  }
});
