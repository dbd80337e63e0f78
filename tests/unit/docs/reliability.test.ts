import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('every fault in docs/reliability.md has its test', () => {
  const suite = ['activation', 'guards', 'plan'].map((name) => read(`tests/lab/${name}.test.ts`)).join('\n');
  const tests = new Set([...suite.matchAll(/^test\('(.*)', async/gm)].map((match) => match[1]));
  const rows = read('docs/reliability.md')
    .split('\n')
    .filter((line) => /^\| (?!Fault|---)/.test(line));
  const named = rows.map((row) => row.split('|').at(-2)?.trim());
  assert.ok(named.length > 20);
  assert.deepEqual(
    named.filter((name) => !tests.has(name)),
    [],
  );
});
