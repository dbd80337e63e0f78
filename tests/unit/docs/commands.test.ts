import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../../', import.meta.url).pathname;
const read = (path: string) => readFileSync(root + path, 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

test('each npm script that is written of is there', () => {
  const files = globSync(['*.md', 'docs/*.md', 'examples/**/*.{md,yml}'], { cwd: root });
  const written = files.flatMap((file) =>
    [...read(file).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name]) => `${file}: ${name}`),
  );
  assert.ok(written.length > 30);
  const unknown = written.filter((each) => !((each.split(': ')[1] ?? '') in scripts));
  assert.deepEqual(unknown, []);
});
