import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  abandonRotation,
  advance,
  beginRotation,
  finalKeyName,
  newRing,
  rotationNote,
} from '../../../../../lib/store/caches/rotation.ts';

const pair = (n: number) => ({ publicKey: `cache-${n}:public`, secretKey: `cache-${n}:secret` });
const all = () => true;
const none = () => false;

test('a rotation trusts both, then signs with the new key, then drops the old', () => {
  const begun = beginRotation(newRing(pair(1)), pair(2));
  assert.deepEqual(begun, {
    signing: pair(1),
    next: pair(2),
    trusted: ['cache-1:public', 'cache-2:public'],
    phase: 'trust-both',
  });
  assert.equal(finalKeyName(begun), 'cache-2');
  const signing = advance(begun, all);
  assert.deepEqual(signing, { signing: pair(2), trusted: begun.trusted, phase: 'sign-with-new' });
  assert.deepEqual(advance(signing, all), newRing(pair(2)));
  assert.deepEqual(advance(newRing(pair(2)), all), newRing(pair(2)), 'the rotation is complete');
});

test('nothing is signed with a key that a machine does not trust', () => {
  const begun = beginRotation(newRing(pair(1)), pair(2));
  assert.equal(advance(begun, none), begun);
  const checked: string[] = [];
  advance(begun, (key) => checked.push(key) > 0);
  assert.deepEqual(checked, ['cache-2:public'], 'only trust in the new key is checked');
});

test('a rotation can be abandoned, and another one started before it ends', () => {
  const begun = beginRotation(newRing(pair(1)), pair(2));
  assert.deepEqual(abandonRotation(begun), newRing(pair(1)));
  const again = beginRotation(begun, pair(3));
  assert.equal(again.signing, begun.signing);
  assert.deepEqual(again.trusted, ['cache-1:public', 'cache-2:public', 'cache-3:public']);
});

test('a new key with the name of a trusted key is refused', () => {
  assert.throws(
    () => beginRotation(newRing(pair(1)), pair(1)),
    /a new key cannot have the name cache-1 .*fix: {2}Increment the number, for example `cache-2`\./s,
  );
});

test('the preview shows the next step and the machines it waits for', () => {
  const stable = { phase: 'stable', publicKey: 'cache-1:p' } as const;
  assert.equal(rotationNote(stable, 'cache-1', []), undefined);
  assert.match(
    rotationNote(stable, 'cache-2', []) ?? '',
    /step 1 of 3: machines trust cache-2 beside cache-1/,
  );
  const both = { phase: 'trust-both', publicKey: 'cache-1:p', nextPublicKey: 'cache-2:p' } as const;
  assert.match(
    rotationNote(both, 'cache-2', ['db']) ?? '',
    /step 2 of 3: signs with cache-2 .* the last up waited for db/,
  );
  assert.match(rotationNote(both, 'cache-1', []) ?? '', /rotation to cache-2 is abandoned/);
  const signs = { phase: 'sign-with-new', publicKey: 'cache-2:p' } as const;
  assert.match(rotationNote(signs, 'cache-2', []) ?? '', /step 3 of 3: machines trust cache-2 only/);
});
