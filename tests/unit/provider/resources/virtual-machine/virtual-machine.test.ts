import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recorded } from '../../../../../provider/resource.ts';
import { virtualMachine } from '../../../../../provider/resources/virtual-machine/virtual-machine.ts';
import {
  type VirtualMachineInputs,
  type VirtualMachineState,
  virtualMachineInputs,
} from '../../../../../schema/virtual-machine.ts';

const machine = (settings: object = {}): VirtualMachineInputs =>
  virtualMachineInputs.parse({
    stack: 'unit',
    name: 'one',
    image: '/images/a.qcow2',
    rootDisk: { sizeMiB: 2048 },
    disks: { data: { sizeMiB: 64 } },
    ...settings,
  });

function recorded(
  inputs: VirtualMachineInputs,
  live: Partial<VirtualMachineState> = {},
): Recorded<VirtualMachineInputs, VirtualMachineState> {
  const state: VirtualMachineState = {
    ...inputs,
    running: true,
    status: 'running',
    accelerator: 'tcg',
    address: '127.0.0.1',
    identityFile: '/state/identity',
    console: '/state/console.log',
    folder: '/state',
    ...live,
  };
  return { id: 'unit/one', inputs, state };
}

const problems = (asked: VirtualMachineInputs, before?: VirtualMachineInputs) =>
  virtualMachine.check?.(asked, before) ?? {};

test('a machine is made from an image, a system or a kernel, and not from two that each have a disk', () => {
  assert.deepEqual(Object.keys(problems(machine({ image: undefined }))), ['image']);
  assert.deepEqual(problems(machine({ image: undefined, firmware: 'uefi' })), {}, 'from its disk');
  assert.deepEqual(Object.keys(problems(machine({ image: undefined, firmware: 'uefi', disks: {} }))), [
    'image',
  ]);
  assert.deepEqual(Object.keys(problems(machine({ system: '/nix/store/x' }))), ['system']);
  assert.deepEqual(Object.keys(problems(machine({ initrd: '/initrd' }))), ['initrd']);
  assert.deepEqual(Object.keys(problems(machine({ kernelParams: ['quiet'] }))), ['kernelParams']);
  // Beside an image: it is loaded in the place of the image's boot loader.
  assert.deepEqual(problems(machine({ kernel: '/bzImage', initrd: '/initrd' })), {});
});

test('a disk that would shrink is an error at preview, with the size it has', () => {
  const asked = machine({ rootDisk: { sizeMiB: 1024 }, disks: { data: { sizeMiB: 32 } } });
  assert.deepEqual(problems(asked, machine()), {
    'rootDisk.sizeMiB': 'a disk cannot shrink; it has 2048 MiB',
    'disks.data.sizeMiB': 'a disk cannot shrink; it has 64 MiB',
  });
  assert.deepEqual(problems(machine({ rootDisk: { sizeMiB: 4096 } }), machine()), {});
});

test('another image is no change to a machine, unless it is to be replaced', () => {
  const newer = { image: '/images/b.qcow2' };
  assert.equal(virtualMachine.diff(recorded(machine()), machine(newer)).changes, false);
  const { detailed, deleteBeforeReplace } = virtualMachine.diff(
    recorded(machine({ onImageChange: 'replace' })),
    machine({ ...newer, onImageChange: 'replace' }),
  );
  assert.deepEqual(detailed.image, { kind: 'update-replace', inputDiff: true });
  assert.equal(deleteBeforeReplace, true);
});

test('other hardware is a restart that the notes name; what only we use is none', () => {
  const faster = machine({ cores: 4, memoryMiB: 2048 });
  assert.deepEqual(virtualMachine.diff(recorded(machine()), faster).notes, [
    'one is shut down and started again, for: cores, memoryMiB',
  ]);
  const patient = virtualMachine.diff(recorded(machine()), machine({ stopTimeoutSeconds: 5 }));
  assert.deepEqual([patient.changes, patient.notes], [true, undefined]);
});

test('a machine that is off is a change, by which up starts it again, and nothing is shut down for it', () => {
  const off = recorded(machine(), { running: false, status: 'off' });
  const { changes, detailed, notes } = virtualMachine.diff(off, machine({ cores: 4 }));
  assert.ok(changes);
  assert.deepEqual(Object.keys(detailed).sort(), ['cores', 'running']);
  assert.equal(notes, undefined);
});

test('a preview knows by which port the machine will be reached', () => {
  const forwardPorts = { web: { host: 8080, guest: 80 }, ssh: { host: 24022, guest: 22 } };
  const known = virtualMachine.preview(machine({ forwardPorts }));
  assert.deepEqual([known.address, known.port, known.running], ['127.0.0.1', 24022, true]);
});

test('a port that a machine of an earlier operation had is free again (fault 47)', () => {
  const asked = (name: string) => machine({ name, forwardPorts: { web: { host: 47011, guest: 80 } } });
  const claims = (name: string, operation: object) =>
    virtualMachine.check?.(asked(name), undefined, operation) ?? {};
  const first = {};
  assert.deepEqual(claims('one', first), {});
  assert.match(Object.values(claims('two', first)).join(), /taken by the virtual machine one/);
  assert.deepEqual(claims('two', {}), {}, 'one was removed meanwhile');
});
