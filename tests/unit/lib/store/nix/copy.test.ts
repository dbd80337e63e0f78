import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyError } from '../../../../../lib/store/nix/copy-error.ts';

test('each known cause of a failed copy has its error code', () => {
  const codes = {
    'writing file: No space left on device': 'no-room',
    'ssh: connect to host 192.0.2.7 port 22: Connection refused': 'unreachable',
    'root@192.0.2.7: Permission denied (publickey).': 'access-denied',
    'bash: line 1: nix-store: command not found': 'not-nixos',
    "cannot add path '/nix/store/x' because it lacks a signature by a trusted key": 'copy-failed',
    'sudo: a password is required': 'access-denied',
    'something new': 'copy-failed',
  };
  for (const [message, code] of Object.entries(codes)) {
    const error = copyError({
      target: 'ssh://root@192.0.2.7',
      host: 'web',
      messages: [message, "cannot connect to '192.0.2.7'"],
    });
    assert.equal(error.code, message === 'something new' ? 'unreachable' : code, message);
  }
  assert.equal(copyError({ target: 'ssh://x', messages: ['something new'] }).code, 'copy-failed');
});

test('a login shell that prints is recognised, and the fix names its file (fault 56)', () => {
  const message =
    "cannot open connection to remote store 'ssh-ng://root@web': error: protocol mismatch, got 'Welcome to web!'";
  const error = copyError({ target: 'ssh-ng://root@web', host: 'web', messages: [message] });
  assert.match(error.what, /login shell prints text/);
  assert.match(error.why ?? '', /Welcome to web!/);
  assert.match(error.fix ?? '', /\.bashrc/);
});

test('a warning of sudo beside another failure is not taken for missing root rights (fault 25)', () => {
  const messages = ['sudo: unable to resolve host web: Name or service not known', 'something new'];
  assert.equal(copyError({ target: 'ssh://x', messages }).code, 'copy-failed');
});
