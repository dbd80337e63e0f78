import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPath } from '../../../../lib/base/property-path.ts';

test('plain keys are joined by dots', () => {
  assert.equal(formatPath(['facts', 'kernel', 'version']), 'facts.kernel.version');
});

test('keys with special characters are quoted', () => {
  assert.equal(formatPath(['facts', 'units', 'web.service']), 'facts.units["web.service"]');
  assert.equal(formatPath(['etc', 'a "b" c']), 'etc["a \\"b\\" c"]');
  assert.equal(formatPath(['etc', '']), 'etc[""]');
  assert.equal(formatPath(['a[0]']), '["a[0]"]');
});

test('a star is a key, not a wildcard', () => {
  assert.equal(formatPath(['etc', '*']), 'etc["*"]');
});

test('backslashes stay single: the engine does not unescape them', () => {
  assert.equal(formatPath(['units', 'dev-disk-by\\x2dlabel.swap']), 'units["dev-disk-by\\x2dlabel.swap"]');
});

test('array items are indexes', () => {
  assert.equal(formatPath(['list', 2, 'name']), 'list[2].name');
});
