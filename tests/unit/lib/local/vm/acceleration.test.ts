import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseAcceleration, kvmProblem } from '../../../../../lib/local/vm/acceleration.ts';

const capable = 'processor : 0\nflags\t\t: fpu svm sse\n';

test('KVM needs a device that opens and a processor with the extensions', () => {
  assert.equal(kvmProblem(undefined, capable), undefined);
  assert.match(kvmProblem('ENOENT', capable) ?? '', /no \/dev\/kvm/);
  assert.match(kvmProblem('EACCES', capable) ?? '', /EACCES/);
  // A nested machine without the extensions: /dev/kvm opens, and a guest hangs.
  assert.match(
    kvmProblem(undefined, 'flags\t\t: fpu hypervisor sse\n') ?? '',
    /no virtualisation extensions/,
  );
});

test('emulation works everywhere', async () => {
  assert.equal((await chooseAcceleration('tcg', 'base')).accelerator, 'tcg');
});
