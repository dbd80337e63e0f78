import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

test('two exported functions never share a name', () => {
  const places: Record<string, string[]> = {};
  for (const file of globSync('{lib,provider,schema,components,program,commands}/**/*.ts', { cwd: root })) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/^export (?:async )?function\*? (\w+)/gm)) {
      places[name] = [...(places[name] ?? []), file];
    }
  }
  assert.deepEqual(
    Object.entries(places).filter(([, files]) => files.length > 1),
    [],
  );
});
