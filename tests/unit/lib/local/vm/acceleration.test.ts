import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseAcceleration, lackOfKvm } from '../../../../../lib/local/vm/acceleration.ts';

const capable = 'processor : 0\nflags\t\t: fpu svm sse\n';

test('KVM needs a device that opens and a processor that offers it', () => {
  assert.equal(lackOfKvm(undefined, capable), undefined);
  assert.match(lackOfKvm('ENOENT', capable) ?? '', /no \/dev\/kvm/);
  assert.match(lackOfKvm('EACCES', capable) ?? '', /EACCES/);
  // A nested machine without the extensions: /dev/kvm opens, and a guest hangs.
  assert.match(lackOfKvm(undefined, 'flags\t\t: fpu hypervisor sse\n') ?? '', /no virtualisation/);
});

test('emulation that was asked for is had anywhere', async () => {
  assert.equal((await chooseAcceleration('tcg', 'base')).accelerator, 'tcg');
});
