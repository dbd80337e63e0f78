import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrongMachine } from '../../../../lib/machine/guard.ts';

test('another machine-id behind an accepted host key: its likely cause, and how to keep it (fault 12)', () => {
  const { code, why, fix } = wrongMachine('web', 'a'.repeat(32), 'b'.repeat(32));
  assert.equal(code, 'wrong-machine');
  assert.match(why ?? '', /its ssh host key was accepted/);
  assert.match(fix ?? '', /new at each boot/);
  assert.match(fix ?? '', /environment\.persistence|systemd\.machine_id=/);
});
