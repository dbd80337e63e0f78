import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hardware } from '../../../../../lib/local/vm/record.ts';
import { virtualMachineInputs } from '../../../../../schema/virtual-machine.ts';

const base = { stack: 'dev', name: 'base', image: '/one.qcow2' };
const of = (more: object) => hardware(virtualMachineInputs.parse({ ...base, ...more }));

test('a change of QEMU’s arguments needs a restart, other inputs do not', () => {
  for (const more of [{ cores: 2 }, { rootDisk: { sizeMiB: 9 } }, { kernel: '/k' }, { gdb: {} }]) {
    assert.notDeepEqual(of(more), of({}), JSON.stringify(more));
  }
  for (const more of [
    { image: '/two.qcow2' },
    { onImageChange: 'replace' },
    { rootDisk: { from: 'backing' } },
    { user: 'ada' },
    { startTimeoutSeconds: 7 },
    { stopTimeoutSeconds: 7 },
  ]) {
    assert.deepEqual(of(more), of({}), JSON.stringify(more));
  }
});
