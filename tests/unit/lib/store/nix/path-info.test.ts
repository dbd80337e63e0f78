import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closureOf, parsePathInfos } from '../../../../../lib/store/nix/path-info.ts';

const entry = { narHash: 'sha256-x', narSize: 7, signatures: ['a-1:s'], downloadSize: 3 };

test('both formats of nix path-info are parsed; missing paths are left out', () => {
  const expected = new Map([
    ['/nix/store/h-a', { path: '/nix/store/h-a', ...entry, references: ['/nix/store/h-b'] }],
  ]);
  const full = { '/nix/store/h-a': { ...entry, references: ['/nix/store/h-b'] }, '/nix/store/h-c': null };
  assert.deepEqual(parsePathInfos(JSON.stringify(full)), expected);
  const named = {
    version: 2,
    storeDir: '/nix/store',
    info: { 'h-a': { ...entry, references: ['h-b'] }, 'h-c': null },
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
