import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseExport } from '../../../../commands/exported-stack.ts';
import { gdbArguments } from '../../../../commands/gdb/arguments.ts';
import { filesOfBuild, filesOfDev } from '../../../../commands/gdb/kernel-files.ts';
import { gdbTarget } from '../../../../commands/gdb/target.ts';
import { FleetError } from '../../../../lib/base/errors.ts';
import { ownFolder } from '../../../fixtures/flakes/copy.ts';

const kernel = (letter: string, machines: string[]) => ({
  type: 'nixos:index:Kernel',
  outputs: {
    version: '6.1.192',
    modDirVersion: '6.1.192-vm',
    drvPath: `/nix/store/${letter}.drv`,
    outPath: `/nix/store/${letter}`,
    dev: `/nix/store/${letter}-dev`,
    machines,
  },
});
const machine = (name: string, rest: object) => ({
  type: 'nixos:index:VirtualMachine',
  outputs: { name, ...rest },
});
const stack = parseExport(
  JSON.stringify({
    deployment: {
      resources: [
        kernel('a', ['web']),
        kernel('b', []),
        machine('web', { gdb: { port: 1234 } }),
        machine('own', { gdb: { port: 1235 }, kernel: '/nix/store/b/bzImage' }),
        machine('outside', { gdb: { port: 1236 }, kernel: '/home/ada/linux/bzImage' }),
        machine('plain', {}),
      ],
    },
  }),
);

test('a machine’s kernel is the one it is deployed with, or the one that QEMU loads', () => {
  assert.equal(gdbTarget(stack, 'web').kernel?.outPath, '/nix/store/a');
  assert.deepEqual(
    [gdbTarget(stack, 'own').port, gdbTarget(stack, 'own').kernel?.outPath],
    [1235, '/nix/store/b'],
  );
  assert.deepEqual(gdbTarget(stack, 'outside'), { port: 1236, kernel: undefined });
});

test('a machine without a GDB stub and an unknown machine are errors with a fix', () => {
  const fails = (name: string, fix: RegExp) =>
    assert.throws(
      () => gdbTarget(stack, name),
      (error) => error instanceof FleetError && error.code === 'config-invalid' && fix.test(error.message),
    );
  fails('plain', /^plain: .*nokaslr/s);
  fails('nobody', /no virtual machine 'nobody'.*it has: web, own, outside, plain/s);
});

test('GDB gets the scripts before it attaches, and the user’s commands after', () => {
  const files = {
    vmlinux: '/k/vmlinux',
    scripts: '/k/scripts/gdb',
    sources: { from: '/build/l', to: '/k/s' },
  };
  assert.deepEqual(gdbArguments(files, 1234, ['-batch', '-ex', 'lx-version']), [
    '-q',
    '-ex',
    'python import sys; sys.path.insert(0, "/k/scripts/gdb")',
    '-ex',
    'source /k/scripts/gdb/vmlinux-gdb.py',
    '-ex',
    'set substitute-path /build/l /k/s',
    '-ex',
    'target remote 127.0.0.1:1234',
    '-batch',
    '-ex',
    'lx-version',
    '/k/vmlinux',
  ]);
  assert.deepEqual(gdbArguments({ vmlinux: '/k/vmlinux' }, 1), [
    '-q',
    '-ex',
    'target remote 127.0.0.1:1',
    '/k/vmlinux',
  ]);
});

test('scripts and sources are used if they exist', async () => {
  const folder = await ownFolder();
  const write = async (path: string) => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), '');
  };
  assert.throws(() => filesOfBuild(join(folder, 'vmlinux')), /does not exist/);
  await write('vmlinux');
  assert.deepEqual(filesOfBuild(join(folder, 'vmlinux')), { vmlinux: join(folder, 'vmlinux') });
  for (const root of ['scripts/gdb', 'lib/modules/6.1.9-vm/build/scripts/gdb']) {
    await write(`${root}/vmlinux-gdb.py`);
    await write(`${root}/linux/constants.py`);
  }
  assert.equal(filesOfBuild(join(folder, 'vmlinux')).scripts, join(folder, 'scripts/gdb'));
  await write('lib/modules/6.1.9-vm/source/Makefile');
  const version = { version: '6.1.9', modDirVersion: '6.1.9-vm' };
  assert.deepEqual(filesOfDev(folder, version), {
    vmlinux: join(folder, 'vmlinux'),
    scripts: join(folder, 'lib/modules/6.1.9-vm/build/scripts/gdb'),
    sources: { from: '/build/linux-6.1.9', to: join(folder, 'lib/modules/6.1.9-vm/source') },
  });
});
