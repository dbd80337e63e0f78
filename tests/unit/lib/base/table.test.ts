import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markdownTable, textTable } from '../../../../lib/base/table.ts';

test('columns are as wide as their widest cell', () => {
  assert.equal(
    textTable([
      ['a', 'bb', 'c'],
      ['long', 'b', ''],
    ]),
    'a     bb  c\nlong  b\n',
  );
  assert.equal(textTable([]), '');
});

test('the last cell of a row widens no column', () => {
  assert.equal(
    textTable([
      ['a', 'b', 'c'],
      ['x', 'as long as it has to be'],
    ]),
    'a  b  c\nx  as long as it has to be\n',
  );
});

test('a Markdown table has a rule below its header', () => {
  assert.equal(markdownTable(['a', 'b'], [['long', 'x']]), '| a    | b |\n|------|---|\n| long | x |');
});
