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

test('the changed lines, from facts or from hashes alone', () => {
  assert.deepEqual(explainTextChange(`enabled ${first}`, `disabled ${second}`), ['- two', '+ three']);
  assert.deepEqual(explainTextChange(first, second), ['- two', '+ three']);
  assert.deepEqual(explainTextChange(first, first), []);
});

test('many lines are cut, with their number', () => {
  const lines = explainTextChange(first, third, 10);
  assert.equal(lines.length, 11);
  assert.equal(lines.at(-1), '… 42 more lines');
});

test('a text that is not known, and what is no fact of a text', () => {
  assert.deepEqual(explainTextChange(first, 'dddddddddddd'), []);
  assert.deepEqual(explainTextChange('../../etc/passwd', first), []);
});
