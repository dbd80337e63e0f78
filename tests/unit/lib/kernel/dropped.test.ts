import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDropped, droppedSymbols } from '../../../../lib/kernel/dropped.ts';
import { readKconfig } from '../../../../lib/kernel/kconfig/definitions.ts';

test('symbols with another value than requested are listed; numbers are compared by value, optional symbols are left out', () => {
  const config = { KVM: 'y', XEN: 'n', NR_CPUS: '0x40', PHYS: '0x1000', LEFT_OUT: 'y', EMPTY: '' };
  const configured = { KVM: 'm', NR_CPUS: '64', PHYS: '0x2000' };
  assert.deepEqual(droppedSymbols({ config, optional: ['LEFT_OUT'], configured }), [
    { symbol: 'KVM', requested: 'y', actual: 'm' },
    { symbol: 'PHYS', requested: '0x1000', actual: '0x2000' },
  ]);
});

test('each dropped symbol is a line, with the reason if the Kconfig files give it', () => {
  const tree = readKconfig(() => 'config KVM\n\tbool "KVM"\n\tdepends on X86\n', 'x86');
  const dropped = [{ symbol: 'KVM', requested: 'y', actual: 'n' }];
  assert.deepEqual(describeDropped(dropped, {}, tree), ['KVM: requested y, got n: it depends on X86 (n)']);
  assert.deepEqual(describeDropped(dropped, {}, undefined), ['KVM: requested y, got n']);
});
