import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runToEnd } from '../../../lib/base/process/run.ts';

const script = new URL('../../../nix/modules/scripts/check-kernel-config.sh', import.meta.url).pathname;

async function check(config: string, required: string) {
  const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-kernel-config-'));
  try {
    const [has, needs] = [join(folder, '.config'), join(folder, 'required')];
    writeFileSync(has, config);
    writeFileSync(needs, required);
    const { exitCode, stdout } = await runToEnd('sh', [script, has, needs], { timeoutSeconds: 10 });
    return { exitCode, lines: stdout.split('\n').filter(Boolean) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a kernel that has all that is needed built in', async () => {
  const config =
    '#\n# Linux/x86 6.18\n#\nCONFIG_EXT4_FS=y\n# CONFIG_SYSFS_DEPRECATED is not set\nCONFIG_FOO="a=b"\n';
  const required = 'CONFIG_EXT4_FS=y\n# CONFIG_SYSFS_DEPRECATED is not set\n# CONFIG_NEVER is not set\n';
  assert.deepEqual(await check(config, required), { exitCode: 0, lines: [] });
});

test('modules and what is missing are named, each with what it must be', async () => {
  const config = 'CONFIG_EXT4_FS=m\n# CONFIG_VIRTIO_BLK is not set\nCONFIG_BAD=y\n';
  const required = 'CONFIG_EXT4_FS=y\nCONFIG_VIRTIO_BLK=y\nCONFIG_OVERLAY_FS=m\n# CONFIG_BAD is not set\n';
  assert.deepEqual(await check(config, required), {
    exitCode: 1,
    lines: [
      '  CONFIG_EXT4_FS must be y and is m, a module, which the initrd does not have: build it in',
      '  CONFIG_VIRTIO_BLK must be y and is n',
      '  CONFIG_OVERLAY_FS must be y and is n',
      '  CONFIG_BAD must be n and is y',
    ],
  });
});
