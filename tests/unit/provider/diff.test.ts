import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameValue } from '../../../lib/base/differences.ts';
import { changesFrom, leafDiff } from '../../../provider/diff.ts';
import { unknown } from '../../../provider/wire/unknown.ts';

const update = { kind: 'update', inputDiff: true };
const add = { kind: 'add', inputDiff: true };
const remove = { kind: 'delete', inputDiff: true };

test('equal values have no entries, whatever the order of their keys', () => {
  assert.deepEqual(leafDiff({ a: { b: 1, c: [1] } }, { a: { c: [1], b: 1 } }), {});
});

test('entries are at the leaves', () => {
  const old = { version: '6.12', config: { KVM: 'm', 'A.B': 'y', OLD: 'y' } };
  const asked = { version: '6.12', config: { KVM: 'y', 'A.B': 'n', NEW: 'm' } };
  assert.deepEqual(leafDiff(old, asked), {
    'config.KVM': update,
    'config["A.B"]': update,
    'config.OLD': remove,
    'config.NEW': add,
  });
});

test('where one side has a key alone, the entry is for all below it', () => {
  assert.deepEqual(leafDiff({ users: {} }, { users: { alice: { wheel: true } } }), { 'users.alice': add });
  assert.deepEqual(leafDiff({ users: { alice: { wheel: true } } }, {}), { users: remove });
});

test('arrays and values of another type are one leaf', () => {
  assert.deepEqual(leafDiff({ a: [1, 2], b: {} }, { a: [1, 3], b: 'text' }), { a: update, b: update });
});

test('null, false, 0 and the empty text differ from each other and from nothing', () => {
  assert.deepEqual(leafDiff({ a: null, b: false, c: 0 }, { a: '', b: 0 }), {
    a: update,
    b: update,
    c: remove,
  });
});

test('a new value that is unknown differs, at any depth', () => {
  assert.deepEqual(leafDiff({ a: { b: 'x' } }, { a: { b: unknown, c: unknown } }), {
    'a.b': update,
    'a.c': add,
  });
  assert.equal(sameValue(unknown, unknown), false);
});

test('options set the place, the kind and whether inputs differ', () => {
  assert.deepEqual(leafDiff('x', 'y', { at: ['live', 'system'], inputDiff: false, replace: true }), {
    'live.system': { kind: 'update-replace', inputDiff: false },
  });
});

test('an object key such as __proto__ or constructor is a key like any other', () => {
  assert.deepEqual(leafDiff({ config: {} }, { config: { constructor: 'y' } }), { 'config.constructor': add });
});

test('no entries are no changes', () => {
  assert.equal(changesFrom({}).changes, false);
  assert.equal(changesFrom({ a: { kind: 'add', inputDiff: true } }).changes, true);
});
