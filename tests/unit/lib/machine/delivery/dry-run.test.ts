import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOffer } from '../../../../../lib/machine/delivery/dry-run.ts';
import { Reply } from '../../../../../lib/machine/script/reply.ts';

const printed = (output: string, end = 'end=yes\n') =>
  new Reply('web', { stdout: `substituters=http://cache\n${output.replace(/^/gm, 'said=')}\n${end}` });

test('everything is in the caches', () => {
  const output = `these 312 paths will be fetched (80.50 MiB download, 400.00 MiB unpacked):\n  /nix/store/a-b`;
  assert.deepEqual(parseOffer(printed(output)), {
    has: 'all',
    paths: 312,
    mebibytes: 80.5,
    unresponsive: [],
    responsive: ['http://cache'],
  });
  const one = 'this path will be fetched (512.0 KiB download, 1.0 MiB unpacked):\n  /nix/store/a-b';
  assert.deepEqual(parseOffer(printed(one)), {
    has: 'all',
    paths: 1,
    mebibytes: 0.5,
    unresponsive: [],
    responsive: ['http://cache'],
  });
});

test('nothing is missing on the machine', () => {
  assert.deepEqual(parseOffer(printed('')), {
    has: 'all',
    paths: 0,
    mebibytes: 0,
    unresponsive: [],
    responsive: ['http://cache'],
  });
});

test('a path is in no cache, or a cache does not answer', () => {
  const missing = `don't know how to build these paths:\n  /nix/store/a-b`;
  assert.deepEqual(parseOffer(printed(missing)), {
    has: 'none',
    paths: 0,
    mebibytes: 0,
    unresponsive: [],
    responsive: ['http://cache'],
  });
  const timedOut = `warning: unable to download 'http://cache/nix-cache-info': Timeout was reached (28)
disabling binary cache 'http://cache' for 60 seconds
${missing}`;
  const { unresponsive, responsive } = parseOffer(printed(timedOut));
  assert.deepEqual([unresponsive, responsive], [['http://cache'], []]);
});

test('a reply that was cut off is unknown', () => {
  assert.equal(parseOffer(printed('', '')).has, 'unknown');
});
