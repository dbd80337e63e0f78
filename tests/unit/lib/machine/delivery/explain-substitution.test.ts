import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  explainRefusedSubstitution,
  refusedSubstitute,
} from '../../../../../lib/machine/delivery/explain-substitution.ts';

const path = '/nix/store/c4n4fs1v92a7hnz61hq56pshnaflndd4-thing';
const stderr = `warning: ignoring substitute for '${path}' from 'http://cache:8080', as it's not signed by any of the keys in 'trusted-public-keys'
error: path '${path}' is required, but there is no substituter that can build it`;
const settings = { substituters: ['http://cache:8080'], trustedKeys: ['cache-1:abc='] };
const refused = refusedSubstitute(stderr);
const signed = (...signatures: string[]) =>
  JSON.stringify({ [path]: { narHash: 'sha256-x', narSize: 1, references: [], signatures } });
const explain = (pathInfo: string) =>
  explainRefusedSubstitution({ host: 'web', system: path, stderr, settings, refused, pathInfo });

test('a refused path and its cache are found in the messages of nix', () => {
  assert.deepEqual(refused, { path, cache: 'http://cache:8080' });
  assert.equal(refusedSubstitute('error: something else'), undefined);
});

test('a signature by a key that the machine does not trust: the key is named', () => {
  const { message, code } = explain(signed('cache-2:sig'));
  assert.equal(code, 'substitution-failed');
  assert.match(message, /is signed by cache-2\n.*the machine trusts cache-1/);
  assert.match(message, /public key cache-2 is missing on the machine/);
});

test('a path without a signature, and one with a forged signature', () => {
  assert.match(explain(signed()).message, /has no signature/);
  assert.match(explain(signed('cache-1:forged')).message, /does not match the machine’s key of this name/);
});

test('the signatures are unknown, or no cache has the path', () => {
  assert.match(explain('').message, /is not signed by a key it trusts/);
  const { message } = explainRefusedSubstitution({
    host: 'web',
    system: path,
    stderr: 'error: no',
    settings,
  });
  assert.match(message, /the machine’s caches: http:\/\/cache:8080/);
  const full = explainRefusedSubstitution({
    host: 'web',
    system: path,
    stderr: 'error: No space left on device',
  });
  assert.equal(full.code, 'no-room');
});
