import assert from 'node:assert/strict';
import { test } from 'node:test';
import { omit, pick } from '../../../../lib/base/pick.ts';

const object = { address: 'web', user: undefined, port: 0, count: 2 };

test('pick keeps the named members, omit all others, and neither keeps undefined', () => {
  assert.deepEqual(pick(object, ['address', 'user', 'port', 'hostKey']), { address: 'web', port: 0 });
  assert.deepEqual(omit(object, ['address', 'hostKey']), { port: 0, count: 2 });
});
