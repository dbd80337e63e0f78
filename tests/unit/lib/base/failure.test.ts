import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { describeError, failureOf } from '../../../../lib/base/failure.ts';

function systemError(message: string, details: object): Error {
  return Object.assign(new Error(message), details);
}

/** First line of each failure's message; undefined for a bug. */
const table: [what: string, error: unknown, headline: string | undefined][] = [
  [
    'a failure',
    new FleetError({ code: 'no-room', what: 'no space', host: 'web' }),
    'web: no space [no-room]',
  ],
  [
    'a folder without permission',
    systemError("EACCES: permission denied, mkdir '/c/x'", {
      code: 'EACCES',
      syscall: 'mkdir',
      path: '/c/x',
    }),
    'cannot create the folder /c/x [system-failed]',
  ],
  [
    'a full disk',
    systemError('ENOSPC: no space left on device, write', { code: 'ENOSPC', syscall: 'write' }),
    'cannot write a file [system-failed]',
  ],
  [
    'a file that does not exist',
    systemError("ENOENT: no such file or directory, open '/x'", {
      code: 'ENOENT',
      syscall: 'open',
      path: '/x',
    }),
    'cannot open /x [system-failed]',
  ],
  [
    'a move onto a read-only file system',
    systemError("EROFS: read-only file system, rename '/a' -> '/b'", {
      code: 'EROFS',
      syscall: 'rename',
      path: '/a',
      dest: '/b',
    }),
    'cannot rename /a to /b [system-failed]',
  ],
  [
    'too many open files',
    systemError("EMFILE: too many open files, scandir '/x'", {
      code: 'EMFILE',
      syscall: 'scandir',
      path: '/x',
    }),
    'cannot read the folder /x [system-failed]',
  ],
  [
    'a closed pipe',
    systemError('write EPIPE', { code: 'EPIPE', syscall: 'write' }),
    'cannot write a file [system-failed]',
  ],
  [
    'a program that cannot be started',
    systemError('spawn /opt/x EACCES', { code: 'EACCES', syscall: 'spawn /opt/x', path: '/opt/x' }),
    'cannot start /opt/x [system-failed]',
  ],
  [
    'a port that is taken',
    systemError('listen EADDRINUSE: address already in use 127.0.0.1:80', {
      code: 'EADDRINUSE',
      syscall: 'listen',
      address: '127.0.0.1',
      port: 80,
    }),
    'cannot listen on 127.0.0.1 port 80 [system-failed]',
  ],
  [
    'a host name that does not resolve',
    systemError('getaddrinfo ENOTFOUND x.invalid', {
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
      hostname: 'x.invalid',
    }),
    'cannot resolve x.invalid [system-failed]',
  ],
  [
    'a descriptor that was closed before',
    systemError('EBADF: bad file descriptor, write', { code: 'EBADF', syscall: 'write' }),
    undefined,
  ],
  ['an argument of the wrong type', systemError('bad', { code: 'ERR_INVALID_ARG_TYPE' }), undefined],
  ['a type error', new TypeError('undefined is not a function'), undefined],
  ['a text', 'just a text', undefined],
];

for (const [what, error, headline] of table) {
  test(`${what} is ${headline === undefined ? 'a bug' : 'a failure the user can act on'}`, () => {
    assert.equal(failureOf(error)?.message.split('\n')[0], headline);
    assert.equal(describeError(error).startsWith('This is a bug in nixos-fleet'), headline === undefined);
  });
}

test('a system error is reported with why and fix, and without a stack', () => {
  let thrown: unknown;
  try {
    readFileSync('/proc/nowhere');
  } catch (error) {
    thrown = error;
  }
  assert.equal(
    describeError(thrown),
    `cannot open /proc/nowhere [system-failed]
  why:  no such file or directory (ENOENT)
  fix:  Check the path: it does not exist.`,
  );
});

test('a bug is reported with its whole stack', () => {
  const inner = () => {
    throw new TypeError('undefined is not a function');
  };
  const outer = () => inner();
  assert.throws(outer, (error) => /at inner .*\n.*at outer .*\n/.test(describeError(error)));
});
