/** Disks of virtual machines and their shutdown, with real QEMU and nothing to boot. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { FleetError } from '../../lib/base/errors.ts';
import { hashFile } from '../../lib/base/hash.ts';
import { ensureDisk, imageInfo } from '../../lib/local/vm/disk.ts';
import { deleteVm, ensureVm } from '../../lib/local/vm/machine.ts';
import { vmPaths } from '../../lib/local/vm/paths.ts';
import { virtualMachineInputs } from '../../schema/virtual-machine.ts';

const MiB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-disk-'));
process.env.XDG_STATE_HOME = join(folder, 'state');
const stack = `disk-${process.pid}`;
const host = 'one';

/** A raw image that begins with its name. */
const image = (name: string): string => {
  const file = join(folder, `${name}.raw`);
  if (!existsSync(file)) writeFileSync(file, Buffer.concat([Buffer.from(name), Buffer.alloc(MiB)]));
  return file;
};
const sized = async (file: string) => (await imageInfo(file, host))['virtual-size'] / MiB;

after(async () => {
  await deleteVm(stack, host, 1);
  rmSync(folder, { recursive: true, force: true });
});

for (const from of ['copy', 'backing'] as const) {
  test(`a writable disk (${from}) has the configured size, and the image stays unchanged`, async () => {
    const before = await hashFile(image('a'));
    const file = join(folder, from, 'root.qcow2');
    await ensureDisk({ file, image: image('a'), from, sizeMiB: 64, host });
    assert.equal(await sized(file), 64);
    assert.equal(
      (await imageInfo(file, host))['full-backing-filename'],
      from === 'copy' ? undefined : image('a'),
    );
    assert.equal(await hashFile(image('a')), before);

    const made = await hashFile(file);
    await ensureDisk({ file, image: image('b'), from, sizeMiB: 64, host });
    assert.equal(await hashFile(file), made, 'another image is not written over it');
    await ensureDisk({ file, image: image('b'), from, sizeMiB: 96, host });
    assert.equal(await sized(file), 96);
    await assert.rejects(ensureDisk({ file, sizeMiB: 32, host }), /a disk cannot shrink to 32 MiB/);
  });
}

test('an interrupted copy is never used as a disk', async () => {
  const file = join(folder, 'cut-off/root.qcow2');
  await ensureDisk({ file, image: image('a'), sizeMiB: 64, host });
  const whole = await sized(file);
  rmSync(file);
  writeFileSync(`${file}.new`, 'half of it');
  await ensureDisk({ file, image: image('a'), sizeMiB: 64, host });
  assert.equal(await sized(file), whole);
  assert.ok(!existsSync(`${file}.new`));
});

test('a disk in use is not touched, and a machine that ignores its power button is switched off', async () => {
  const warnings: string[] = [];
  const machine = { stack, name: host, image: image('a'), firmware: 'bios', memoryMiB: 64 };
  const { running, pid } = await ensureVm(virtualMachineInputs.parse(machine));
  assert.ok(running);
  const { rootDisk, folder: own } = vmPaths(stack, host);
  await assert.rejects(
    ensureDisk({ file: rootDisk, image: image('b'), sizeMiB: 64, host }),
    (error: FleetError) => {
      assert.match(error.message, /one: qemu-img resize failed/);
      assert.match(error.why ?? '', /lock/);
      return true;
    },
  );
  assert.ok(existsSync(`/proc/${pid}`));

  // Without a system, the firmware ignores the power button.
  await deleteVm(stack, host, 1, { warn: (message) => warnings.push(message) });
  assert.deepEqual(warnings, ['one did not shut down within 1 s: powering it off']);
  assert.ok(!existsSync(`/proc/${pid}`));
  assert.ok(!existsSync(own));
});
