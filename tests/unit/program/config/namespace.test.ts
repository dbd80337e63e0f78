import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namespaceOf, stackValues } from '../../../../program/config/namespace.ts';

test('keys of nixos-fleet and of the project are read, and no others', () => {
  const all = { 'nixos-fleet:flake': './nix', 'infra:hosts': '{}', 'aws:region': 'eu', 'infra-2:lab': '{}' };
  assert.deepEqual(stackValues('infra', all), { flake: './nix', hosts: '{}' });
  assert.deepEqual(stackValues('nixos-fleet', all), { flake: './nix' });
});

test('a key in both namespaces is refused', () => {
  assert.throws(
    () => stackValues('infra', { 'nixos-fleet:hosts': '{}', 'infra:hosts': '{}' }),
    /nixos-fleet:hosts and infra:hosts are both set/,
  );
});

test('new keys are written beside those of the file', () => {
  assert.equal(namespaceOf('config:\n  nixos-fleet:flake: ./nix\n', 'infra'), 'nixos-fleet');
  assert.equal(namespaceOf('config:\n  infra:hosts: {} # nixos-fleet:hosts\n', 'infra'), 'infra');
  assert.equal(namespaceOf('', 'infra'), 'infra');
});
