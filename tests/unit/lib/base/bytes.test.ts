import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatSize, mebibytes, parseSize } from '../../../../lib/base/bytes.ts';

const MiB = 2 ** 20;

test('mebibytes have one decimal', () => {
  assert.equal(mebibytes(12.34 * MiB), 12.3);
  assert.equal(mebibytes(0), 0);
});

test('a size for people has a decimal below 10 MiB only', () => {
  assert.deepEqual(
    [0, 0.0001, 0.04, 1, 1.26, 9.94, 9.96, 120.4].map((size) => formatSize(size * MiB)),
    ['0 MiB', '1 KiB', '41 KiB', '1 MiB', '1.3 MiB', '9.9 MiB', '10 MiB', '120 MiB'],
  );
});

test('the first size of a text is read again', () => {
  assert.deepEqual(
    ['to copy: 3 paths, about 12 KiB', '1.5 MiB of 2 MiB', '4 paths of unknown size'].map(parseSize),
    [12 * 2 ** 10, 1.5 * MiB, 0],
  );
});

test('an exact size has its bytes and the nearest unit', () => {
  assert.equal(formatBytes(738197504), '738197504 bytes (704 MiB)');
  assert.equal(formatBytes(1536), '1536 bytes (1.5 KiB)');
  assert.equal(formatBytes(2 ** 30), '1073741824 bytes (1 GiB)');
  assert.equal(formatBytes(5 * 2 ** 50), '5629499534213120 bytes (5120 TiB)');
});
