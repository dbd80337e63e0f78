import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rehearsalName } from '../../../../../lib/local/rehearsal/rehearse.ts';
import { virtualMachineInputs } from '../../../../../schema/virtual-machine.ts';

test('the virtual machine of a rehearsal has a valid name that no other host’s has (fault 72)', () => {
  const hosts = ['web', 'WEB', 'w_eb', 'w.eb', 'build01.ofborg.org', 'x'.repeat(60), 'x'.repeat(61)];
  const names = hosts.map(rehearsalName);
  assert.equal(names[0], 'rehearsal-web');
  assert.equal(new Set(names).size, hosts.length);
  for (const name of names) virtualMachineInputs.shape.name.parse(name);
});
