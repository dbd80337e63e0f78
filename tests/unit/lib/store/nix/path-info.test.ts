import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closureOf, parsePathInfos } from '../../../../../lib/store/nix/path-info.ts';

const entry = { narHash: 'sha256-x', narSize: 7, signatures: ['a-1:s'], downloadSize: 3 };

test('both formats of nix path-info are parsed; missing paths are left out', () => {
  const expected = new Map([
    [
      '/nix/store/h-a',
      {
        path: '/nix/store/h-a',
        ...entry,
        references: ['/nix/store/h-b'],
        deriver: '/nix/store/h-a.drv',
      },
    ],
    ['/nix/store/h-d', { path: '/nix/store/h-d', ...entry, references: [] }],
  ]);
  const full = {
    '/nix/store/h-a': { ...entry, references: ['/nix/store/h-b'], deriver: '/nix/store/h-a.drv' },
    '/nix/store/h-c': null,
    '/nix/store/h-d': { ...entry, references: [], deriver: null },
  };
  assert.deepEqual(parsePathInfos(JSON.stringify(full)), expected);
  const named = {
    version: 2,
    storeDir: '/nix/store',
    info: {
      'h-a': { ...entry, references: ['h-b'], deriver: 'h-a.drv' },
      'h-c': null,
      'h-d': { ...entry, references: [], deriver: null },
    },
  };
  assert.deepEqual(parsePathInfos(JSON.stringify(named)), expected);
});

test('a closure has every referenced path once', () => {
  const infos = new Map([
    ['a', { references: ['b', 'c', 'a'] }],
    ['b', { references: ['c'] }],
  ]);
  assert.deepEqual(closureOf('a', infos), ['a', 'b', 'c']);
});
