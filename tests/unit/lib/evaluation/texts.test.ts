import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainTextChange, keepTexts } from '../../../../lib/evaluation/texts.ts';
import { ownFolder } from '../../../fixtures/flakes/copy.ts';

process.env.XDG_CACHE_HOME = await ownFolder();
const [first, second, third] = ['0123456789ab', 'ba9876543210', 'cccccccccccc'];
await keepTexts(
  new Map([
    [first, 'one\ntwo'],
    [second, 'one\nthree'],
    [third, Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n')],
  ]),
);

test('changed lines are found by facts or by hashes', () => {
  assert.deepEqual(explainTextChange(`enabled ${first}`, `disabled ${second}`), ['- two', '+ three']);
  assert.deepEqual(explainTextChange(first, second), ['- two', '+ three']);
  assert.deepEqual(explainTextChange(first, first), []);
});

test('a long list of lines is cut, with the number of the others', () => {
  const lines = explainTextChange(first, third, 10);
  assert.equal(lines.length, 11);
  assert.equal(lines.at(-1), '… 42 more lines');
});

test('there are no lines for an unknown text, or for a fact without one', () => {
  assert.deepEqual(explainTextChange(first, 'dddddddddddd'), []);
  assert.deepEqual(explainTextChange('../../etc/passwd', first), []);
});
