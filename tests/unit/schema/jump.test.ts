import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jumpsOf } from '../../../schema/jump.ts';

test('jump hosts are read from the nearest on', () => {
  assert.deepEqual(jumpsOf({}), []);
  assert.deepEqual(jumpsOf({ proxyJump: 'a,ops@b.example:2200,[2001:db8::1]:22' }), [
    { host: 'a', user: undefined, port: undefined },
    { host: 'b.example', user: 'ops', port: 2200 },
    { host: '2001:db8::1', user: undefined, port: 22 },
  ]);
});
