import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError, hasCode, isFailure } from '../../../../lib/base/errors.ts';

test('an error is recognised by its code', () => {
  const error = new FleetError({ code: 'unreachable', what: 'no ssh connection could be made' });
  assert.equal(hasCode(error, 'unreachable'), true);
  assert.equal(hasCode(error, 'host-key', 'unreachable'), true);
  assert.equal(hasCode(error, 'host-key'), false);
  assert.equal(hasCode(Object.assign(new Error('other'), { code: 'unreachable' }), 'unreachable'), false);
});

test('neither a cancel nor a bug is a failure', () => {
  assert.equal(isFailure(new FleetError({ code: 'copy-failed', what: 'it failed' })), true);
  assert.equal(isFailure(new FleetError({ code: 'cancelled', what: 'it was cancelled' })), false);
  assert.equal(isFailure(new Error('a bug')), false);
  assert.equal(isFailure(undefined), false);
});
