import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineDiff } from '../../../../lib/base/line-diff.ts';

const diff = (before: string, after: string) => lineDiff(before.split(' '), after.split(' '));

test('a diff has only the lines that differ, in order', () => {
  assert.deepEqual(diff('a b c', 'a b c'), []);
  assert.deepEqual(diff('a b c', 'a x c'), ['- b', '+ x']);
  assert.deepEqual(diff('a b c d e', 'a c x e'), ['- b', '- d', '+ x']);
  assert.deepEqual(diff('a', 'a b'), ['+ b']);
  assert.deepEqual(diff('a a a', 'a a'), ['- a']);
});

test('a text too long to compare is shown as replaced', () => {
  const before = Array.from({ length: 3000 }, (_, index) => `old ${index}`);
  const after = Array.from({ length: 3000 }, (_, index) => `new ${index}`);
  assert.equal(lineDiff(before, after).length, 6000);
});

test('a small change to a long text gives a small diff', () => {
  const before = Array.from({ length: 50_000 }, (_, index) => `line ${index}`);
  const after = before.with(10, 'new').toSpliced(40_000, 1);
  assert.deepEqual(lineDiff(before, after), ['- line 10', '+ new', '- line 40000']);
});
