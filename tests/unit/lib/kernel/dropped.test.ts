import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDropped, droppedSymbols } from '../../../../lib/kernel/dropped.ts';
import { readKconfig } from '../../../../lib/kernel/kconfig/definitions.ts';

test('what came out otherwise than asked; numbers are compared as such, and what may be left out is not named', () => {
  const config = { KVM: 'y', XEN: 'n', NR_CPUS: '0x40', PHYS: '0x1000', LEFT_OUT: 'y', EMPTY: '' };
  const configured = { KVM: 'm', NR_CPUS: '64', PHYS: '0x2000' };
  assert.deepEqual(droppedSymbols({ config, optional: ['LEFT_OUT'], configured }), [
    { symbol: 'KVM', asked: 'y', is: 'm' },
    { symbol: 'PHYS', asked: '0x1000', is: '0x2000' },
  ]);
});

test('each is a line, with why where Kconfig’s files say it', () => {
  const tree = readKconfig(() => 'config KVM\n\tbool "KVM"\n\tdepends on X86\n', 'x86');
  const dropped = [{ symbol: 'KVM', asked: 'y', is: 'n' }];
  assert.deepEqual(describeDropped(dropped, {}, tree), ['KVM: asked for y, got n: it depends on X86 (n)']);
  assert.deepEqual(describeDropped(dropped, {}, undefined), ['KVM: asked for y, got n']);
});
