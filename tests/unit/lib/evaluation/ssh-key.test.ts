import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprintOfKey } from '../../../../lib/evaluation/ssh-key.ts';

const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIHsyK0Vf7MCDs4I8v2w6cGoyTS3Yd+Q0r0uPHvZ4mQ0F';
// As `ssh-keygen -lf` prints it.
const print = 'SHA256:ntaS7lA46TXkLr4mWcwDirDPREP4O86HPnJlGbc68Lw';

test('a key is shown as its fingerprint and its comment', () => {
  assert.deepEqual(fingerprintOfKey(`ssh-ed25519 ${blob} admin@example.org`), [[print, 'admin@example.org']]);
  assert.deepEqual(fingerprintOfKey(`ssh-ed25519 ${blob}`), [[print, '']]);
});

test('options of a key are shown: they limit what it may do', () => {
  assert.deepEqual(fingerprintOfKey(`from="10.0.0.0/8",restrict ssh-ed25519 ${blob} a key`), [
    [print, 'a key [from="10.0.0.0/8",restrict]'],
  ]);
});

test('blank lines and comments are skipped; a line without a key is shown as such', () => {
  assert.deepEqual(fingerprintOfKey('  '), []);
  assert.deepEqual(fingerprintOfKey('# admin'), []);
  assert.deepEqual(fingerprintOfKey('oops'), [['not a key: oops', '']]);
});
