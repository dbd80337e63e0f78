import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import {
  changedInputs,
  type LockedSource,
  type Locks,
  lockedInput,
} from '../../../../../lib/store/nix/locks.ts';

const nixpkgs = { type: 'github', rev: 'a'.repeat(40), lastModified: 1000 };
const home = { type: 'github', rev: 'b'.repeat(40), lastModified: 2000 };

function locks(changes: Record<string, LockedSource> = {}): Locks {
  return {
    root: 'root',
    nodes: {
      root: { inputs: { nixpkgs: 'nixpkgs', home: 'home', pkgs: ['nixpkgs'], local: 'local' } },
      nixpkgs: { locked: changes.nixpkgs ?? nixpkgs },
      home: { locked: changes.home ?? home, inputs: { nixpkgs: ['nixpkgs'], utils: 'utils_2' } },
      utils_2: { locked: changes.utils ?? { rev: 'c' } },
      local: { locked: { type: 'path', path: './local' } },
    },
  };
}

const refusal = (path: string) => {
  try {
    lockedInput(locks(), path);
  } catch (error) {
    assert.ok(error instanceof FleetError);
    return error.message;
  }
  assert.fail(`${path} was accepted`);
};

test('an input is found by its name, and an input of an input by its path', () => {
  assert.deepEqual(lockedInput(locks(), 'nixpkgs'), nixpkgs);
  assert.deepEqual(lockedInput(locks(), 'home/utils'), { rev: 'c' });
});

test('an unknown input is refused, with the names of the existing ones', () => {
  assert.match(
    refusal('nixpkg'),
    /^the flake has no input nixpkg .*\n.*it has: home, local, nixpkgs, pkgs\n.*'nixpkgs'\?$/s,
  );
  assert.match(
    refusal('home/util'),
    /^the input home has no input util .*\n.*nixpkgs, utils\n.*'home\/utils'\?$/s,
  );
  assert.match(refusal('constructor'), /has no input constructor/);
});

test('an input that follows another one is refused, with the name of that one', () => {
  assert.match(refusal('pkgs'), /why: {2}pkgs follows nixpkgs\n.*: nixpkgs$/s);
  assert.match(refusal('home/nixpkgs'), /why: {2}home\/nixpkgs follows nixpkgs/);
});

test('an unlocked folder is refused: it has no versions', () => {
  assert.match(refusal('local'), /has no versions .*\n.*the folder \.\/local, which is not locked/);
});

test('an input that differs between two locks is listed once, by its path', () => {
  assert.deepEqual(changedInputs(locks(), locks()), []);
  assert.deepEqual(changedInputs(locks(), locks({ nixpkgs: { rev: 'd' }, utils: { rev: 'e' } })), [
    { path: 'nixpkgs', before: nixpkgs, after: { rev: 'd' } },
    { path: 'home/utils', before: { rev: 'c' }, after: { rev: 'e' } },
  ]);
});

test('added and removed inputs of inputs are listed', () => {
  const without = locks();
  without.nodes.home = { locked: home };
  assert.deepEqual(changedInputs(locks(), without), [{ path: 'home/utils', before: { rev: 'c' } }]);
  assert.deepEqual(changedInputs(without, locks()), [{ path: 'home/utils', after: { rev: 'c' } }]);
});
