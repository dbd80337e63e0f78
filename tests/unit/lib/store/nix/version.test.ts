import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOlder, minimumNixVersion, parseNixVersion } from '../../../../../lib/store/nix/version.ts';

test('the versions of Nix, Lix and Determinate Nix are parsed', () => {
  assert.equal(parseNixVersion('nix (Nix) 2.34.8\n'), '2.34.8');
  assert.equal(parseNixVersion('nix (Nix) 2.25pre20240910_abcdef1\n'), '2.25');
  assert.equal(parseNixVersion('nix (Lix, like Nix) 2.93.0\n'), '2.93.0');
  assert.equal(parseNixVersion('nix (Determinate Nix 3.1.0) 2.30.1'), '2.30.1');
  assert.equal(parseNixVersion('no nix here'), undefined);
});

test('versions are compared by number', () => {
  assert.ok(isOlder('2.8.0', minimumNixVersion));
  assert.ok(isOlder('2.9', '2.24'));
  assert.ok(!isOlder('2.24', '2.24'));
  assert.ok(!isOlder('2.24.1', '2.24'));
  assert.ok(!isOlder('3.0', '2.24'));
});
