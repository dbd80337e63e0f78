import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { parseKbuild } from '../../../../lib/kernel/kconfig/module-symbols.ts';
import { moduleFragment, parseLoaded } from '../../../../lib/kernel/local-modules.ts';

const proc = `6.18.37
x86_64
virtio_net 90112 0 - Live 0x0000000000000000
e1000e 360448 0 - Live 0x0000000000000000
snd_hda_intel 61440 0 - Live 0x0000000000000000
zfs 5000000 1 - Live 0x0000000000000000 (POE)
`;

test('Kbuild lines map modules to symbols, without folders and parts of modules', () => {
  assert.deepEqual(
    parseKbuild(
      'obj-$(CONFIG_A) += a.o sub/b-c.o \\\n d.o # e.o\nobj-m += f.o\na-y := g.o\nobj-$(CONFIG_H) := h.o',
    ),
    [
      ['a', 'A'],
      ['b_c', 'A'],
      ['d', 'A'],
      ['h', 'H'],
    ],
  );
});

test('a folder that is not a kernel source is refused', async () => {
  await assert.rejects(
    moduleFragment('web', parseLoaded(proc), '/nonexistent'),
    (error) =>
      error instanceof FleetError && error.code === 'config-invalid' && /linux\.src/.test(error.fix ?? ''),
  );
});
