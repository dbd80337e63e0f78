import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../../../lib/base/process/run.ts';
import { moduleFragment, parseLoaded } from '../../../../lib/kernel/local-modules.ts';
import { ownFolder } from '../../../fixtures/flakes/copy.ts';

const proc = `6.18.37
x86_64
virtio_net 90112 0 - Live 0x0000000000000000
e1000e 360448 0 - Live 0x0000000000000000
snd_hda_intel 61440 0 - Live 0x0000000000000000
zfs 5000000 1 - Live 0x0000000000000000 (POE)
`;

async function sources(): Promise<string> {
  const folder = join(await ownFolder(), 'linux-6.18.37');
  const files = {
    Makefile: 'VERSION = 6\n',
    'drivers/net/Makefile': 'obj-$(CONFIG_VIRTIO_NET) += virtio_net.o\nobj-y += ethernet/\n',
    'drivers/net/ethernet/Kbuild': 'obj-$(CONFIG_E1000E) += e1000e.o\ne1000e-objs := netdev.o\n',
    'sound/Makefile': 'obj-$(CONFIG_SND_HDA_INTEL) += snd-hda-intel.o\n',
    'arch/arm64/Makefile': 'obj-$(CONFIG_OTHER) += e1000e.o\n',
    'tools/Makefile': 'obj-$(CONFIG_TOOL) += virtio_net.o\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

for (const form of ['a folder', 'an archive']) {
  test(`loaded modules become a configuration, by a source that is ${form}`, async () => {
    let source = await sources();
    if (form === 'an archive') {
      await run('tar', ['-cJf', `${source}.tar.xz`, '-C', join(source, '..'), 'linux-6.18.37'], {
        timeoutSeconds: 60,
      });
      source = `${source}.tar.xz`;
    }
    const loaded = parseLoaded(proc);
    assert.equal(loaded.srcArch, 'x86');
    assert.deepEqual((await moduleFragment('web', loaded, source)).split('\n'), [
      '# The 4 modules that web had loaded (Linux 6.18.37).',
      '# e1000e',
      'CONFIG_E1000E=m',
      '# snd_hda_intel',
      'CONFIG_SND_HDA_INTEL=m',
      '# virtio_net',
      'CONFIG_VIRTIO_NET=m',
      '# Not in this source: zfs',
      '',
    ]);
  });
}
