import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernelNames } from '../../../components/kernel-names.ts';

const path = (name: string, hash = 'a') => `/nix/store/${hash.repeat(32)}-${name}`;

test('a kernel is named after its package, whatever its version', () => {
  assert.deepEqual(kernelNames({ [path('linux-6.18.37')]: ['web'] }), { [path('linux-6.18.37')]: 'linux' });
  assert.deepEqual(kernelNames({ [path('linux-zen-6.18.2-zen1')]: ['web'] }), {
    [path('linux-zen-6.18.2-zen1')]: 'linux-zen',
  });
});

test('of two kernels with one name the more used keeps it, the other gets its first host’s name', () => {
  const common = path('linux-6.18.37', 'a');
  const special = path('linux-6.18.37', 'b');
  const names = kernelNames({ [special]: ['pi', 'db'], [common]: ['web', 'edge', 'mail'] });
  assert.deepEqual(names, { [common]: 'linux', [special]: 'linux-db' });
});

test('the order in which kernels are given does not matter', () => {
  const one = path('linux-6.1', 'a');
  const two = path('linux-6.1', 'b');
  assert.deepEqual(kernelNames({ [one]: ['b'], [two]: ['a'] }), kernelNames({ [two]: ['a'], [one]: ['b'] }));
});
