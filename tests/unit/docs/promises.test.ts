import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../../', import.meta.url).pathname;
const read = (path: string) => readFileSync(root + path, 'utf8');
const cells = (line: string) => line.split(/(?<!\\)\|/).map((cell) => cell.trim());

/** The last cells of all tables whose last column is headed `Test`. */
function namedTests(markdown: string): string[] {
  const names: string[] = [];
  let inTable = false;
  for (const line of markdown.split('\n')) {
    if (!line.startsWith('|')) inTable = false;
    else if (cells(line).at(-2) === 'Test') inTable = true;
    else if (inTable && !/^\| -/.test(line)) names.push(cells(line).at(-2) ?? '');
  }
  return names;
}

const tests = new Set(
  globSync('tests/**/*.test.ts', { cwd: root }).flatMap((file) =>
    [...read(file).matchAll(/^ *test\(\s*['"`](.*?)['"`],/gm)].map(([, name]) => name ?? ''),
  ),
);

/** Of test names with a value in them, such as `a disk (${format})`: the docs name one of the values. */
const patterns = [...tests]
  .filter((name) => name.includes('${'))
  .map((name) => {
    const fixed = name.split(/\$\{.*?\}/).map((text) => text.replace(/[^\w\s]/g, '\\$&'));
    return new RegExp(`^${fixed.join('.+')}$`);
  });

function hasTest(name: string): boolean {
  return !name.includes('${') && (tests.has(name) || patterns.some((pattern) => pattern.test(name)));
}

for (const file of globSync('docs/*.md', { cwd: root })) {
  const named = namedTests(read(file));
  if (named.length === 0) continue;
  test(`every promise in ${file} has its test`, () => {
    assert.deepEqual(
      named.filter((name) => !hasTest(name)),
      [],
    );
  });
}

test('the promises are found', () => {
  assert.ok(namedTests(read('docs/reliability.md')).length > 30);
});
