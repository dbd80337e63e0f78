import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { faultTable, reliabilityPage, testsOfFaults } from '../../../docs/generate-faults.ts';

const shows = (title: string, numbers: string) => `test('${title} (fault${numbers})', () => {});\n`;

test('docs/reliability.md has each fault with the tests that show it', () => {
  const { text, lacking } = reliabilityPage();
  assert.deepEqual(lacking, []);
  const written = readFileSync(new URL('../../../docs/reliability.md', import.meta.url), 'utf8');
  assert.equal(written, text, 'run: npm run reference');
});

test('the tests of a fault are found by their titles', () => {
  const tests = testsOfFaults({
    'tests/a.test.ts': `${shows('one', ' 1') + shows('two', 's 1, 12')}test('a fault 3', () => {});`,
  });
  assert.deepEqual(Object.fromEntries(tests), {
    1: [
      { file: 'tests/a.test.ts', title: 'one' },
      { file: 'tests/a.test.ts', title: 'two' },
    ],
    12: [{ file: 'tests/a.test.ts', title: 'two' }],
  });
});

test('a fault without a test, and a test of an unknown fault, are lacking', () => {
  const tests = testsOfFaults({ 'tests/a.test.ts': shows('one', 's 2, 3') });
  const { text, lacking } = faultTable(
    { 10: { wrong: 'Because.' }, 2: { before: 'Bad.', after: 'Good.' }, 9: { before: 'x', after: 'y' } },
    tests,
  );
  assert.deepEqual(lacking, ['fault 9 has no test', 'fault 3 is not listed']);
  assert.equal(
    text,
    `| Fault | Before | Now | Shown by |
|---|---|---|---|
| 2 | Bad. | Good. | [a.test.ts](../tests/a.test.ts): one |
| 9 | x | y |  |
| 10 | Reported, and not so. | Because. |  |`,
  );
});
