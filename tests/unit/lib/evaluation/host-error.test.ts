import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertionError } from '../../../../lib/evaluation/host-error.ts';

test('the assertion about the EFI stub has a fix', () => {
  const stub = assertionError('web', ['This kernel does not support the EFI boot stub']);
  assert.match(stub.fix ?? '', /features\.efiBootStub = true/);
  const other = assertionError('web', ['the moon is full', 'the tide is high']);
  assert.equal(other.why, '- the moon is full\n- the tide is high');
  assert.doesNotMatch(other.fix ?? '', /efiBootStub/);
});
