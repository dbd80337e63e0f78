import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNames } from '../../../../lib/base/name-ranges.ts';

const numbered = (prefix: string, from: number, to: number, width = 0) =>
  Array.from(
    { length: to - from + 1 },
    (_, index) => `${prefix}${String(from + index).padStart(width, '0')}`,
  );

test('a run of numbers after one prefix is a range', () => {
  assert.equal(formatNames(numbered('web', 1, 40)), 'web1…web40');
  assert.equal(formatNames(['web9', 'web11', 'web10']), 'web9…web11');
  assert.equal(
    formatNames([...numbered('web', 1, 3), ...numbered('db', 7, 9), 'box']),
    'box, db7…db9, web1…web3',
  );
});

test('fewer than three in a row are names', () => {
  assert.equal(formatNames(['web1', 'web2']), 'web1, web2');
  assert.equal(formatNames(['web1', 'web2', 'web4', 'web5', 'web6', 'web8']), 'web1, web2, web4…web6, web8');
  assert.equal(formatNames(['db', 'web']), 'db, web');
  assert.equal(formatNames([]), '');
});

test('numbers are compared as numbers, and one name counts once', () => {
  assert.equal(formatNames(['m100', 'm2', 'm20', 'm2']), 'm2, m20, m100');
  const long = ['n90071992547409929', 'n90071992547409930', 'n90071992547409931'];
  assert.equal(formatNames(long), 'n90071992547409929…n90071992547409931');
});

test('numbers with leading zeros make a run of one width alone', () => {
  assert.equal(formatNames(numbered('web', 8, 11, 2)), 'web08…web11');
  assert.equal(formatNames(['web1', 'web02', 'web03', 'web4']), 'web1, web02, web03, web4');
});

test('the last number counts, whatever follows it', () => {
  assert.equal(formatNames(['eu1-web', 'eu2-web', 'eu3-web', 'eu4-db']), 'eu4-db, eu1-web…eu3-web');
  assert.equal(formatNames(['r1n1', 'r1n2', 'r1n3', 'r2n4']), 'r1n1…r1n3, r2n4');
});

test('of many names and ranges, the number of the others is written', () => {
  assert.equal(
    formatNames([...numbered('a', 1, 5), 'b', ...numbered('c', 1, 9), 'd'], 2),
    'a1…a5, b and 10 more',
  );
  assert.equal(formatNames(['a', 'b'], 2), 'a, b');
});
