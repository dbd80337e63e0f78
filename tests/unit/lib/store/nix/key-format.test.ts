import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSignedBy, nix32Hash, parseSecretKey } from '../../../../../lib/store/nix/key-format.ts';

// Generated with nix 2.34.8 for this test.
const secretKey =
  'old-1:8VHmOgEXvBvHLn5uD6K/iBdlAhn41axo3qZMhURKkbS7rZ1nXSeM5KY2Fn7zaWnBY/v9lzh72tXZjhf2ZhemeA==';
const publicKey = 'old-1:u62dZ10njOSmNhZ+82lpwWP7/Zc4e9rV2Y4X9mYXpng=';
const other = 'old-1:JqSfU7JI0aTO/YzpQcZfhy295Z7k9aErKK8k+EHmGBY=';
const info = {
  path: '/nix/store/lbf6ik7fc3a8d3fsrxwpk90nsr3mn2zx-top',
  narHash: 'sha256-BSi7ilD+EtUdFG+A8wrLoqqcnNrp+9IL6jRreUtOqSU=',
  narSize: 208,
  references: [
    '/nix/store/y07kgxbhqbdqv064zzgjs6hz1v5cw03v-a',
    '/nix/store/a9jwldc7jzd3y8b92rbwmw41n967zi8a-b',
  ],
  signatures: [
    'old-1:jK38XryQY7aS8Dsow6NMm8P0LFXq8dX7XC3BSGoyWcmfbIN/eaZR7rgveY8EbYTB6wIjDsghrcgZuaQMWIGtCw==',
  ],
};

test('the public key is derived from a secret key; any other text is refused', () => {
  assert.deepEqual(parseSecretKey(`${secretKey}\n`, 'it'), { secretKey, publicKey });
  const tampered = secretKey.replace('8VHm', '8VHn');
  for (const text of ['', publicKey, 'old-1', secretKey.replace('old-1:', ''), tampered]) {
    assert.throws(
      () => parseSecretKey(text, 'the file'),
      (error: Error) => {
        assert.match(error.message, /the file does not contain a secret signing key/);
        assert.doesNotMatch(error.message, /8VH/, 'it is not shown');
        return true;
      },
    );
  }
});

test('a signature is valid only for the key that made it, and for the same content', () => {
  assert.equal(isSignedBy(info, publicKey), true);
  assert.equal(isSignedBy(info, other), false, 'another key of the same name');
  assert.equal(isSignedBy({ ...info, signatures: [] }, publicKey), false);
  assert.equal(isSignedBy({ ...info, narSize: 209 }, publicKey), false);
  assert.equal(isSignedBy({ ...info, references: info.references.slice(1) }, publicKey), false);
  assert.equal(isSignedBy(info, 'old-1:AAAA'), false);
});

test('hashes are converted to the notation that Nix signs', () => {
  assert.equal(
    nix32Hash('sha256-EFUdrtf6Rn0LWIJufrmg8q99aT3jGfLvd1//zaJEufY='),
    'sha256:1xmr8jicvzszfzpz46g37mlpvbzjl2wpwvl2b05psipssyp1sm8h',
  );
  assert.equal(nix32Hash('sha256:1xmr8jicv'), 'sha256:1xmr8jicv');
});
