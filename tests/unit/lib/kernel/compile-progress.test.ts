import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompileProgress } from '../../../../lib/kernel/compile-progress.ts';
import type { KernelSize } from '../../../../lib/kernel/kernel-size.ts';

const drv = '/nix/store/8n6w406yg1mc5dalhnmr7y9a01l1ab83-linux-6.1.192.drv';

async function follow(size: KernelSize | undefined) {
  let now = 0;
  const shown: string[] = [];
  const remembered: [string, KernelSize][] = [];
  const progress = new CompileProgress((_, message) => shown.push(message), {
    clock: { now: () => now, after: () => () => {} },
    sizeOf: async () => size,
    remember: async (drvPath, built) => void remembered.push([drvPath, built]),
  });
  progress.line(drv, '  CC      init/main.o');
  // The size is known a moment later.
  await Promise.resolve();
  const compile = (files: number, milliseconds: number) => {
    for (let file = 0; file < files; file++) {
      now += milliseconds / files;
      progress.line(drv, file % 2 === 0 ? '  CC [M]  drivers/block/loop.o' : '  AS      lib/memcpy.o');
    }
  };
  return { progress, compile, shown, remembered };
}

test('it is reported how many files of how many are compiled, and how long the others take', async () => {
  const { compile, shown } = await follow({ files: 40, symbols: 20 });
  compile(3, 15_000);
  assert.equal(shown.at(-1), 'compiling linux-6.1.192: 4 of about 40 files, 3 min left');
  compile(30, 150_000);
  assert.equal(shown.at(-1), 'compiling linux-6.1.192: 34 of about 40 files, a minute left');
});

test('what is not compiled for the kernel is not counted', async () => {
  const { progress, compile, shown } = await follow({ files: 10, symbols: 5 });
  for (const line of [
    '  HOSTCC  scripts/kconfig/conf.o',
    '  LD      vmlinux',
    'CC is gcc',
    '  AR      lib/lib.a',
  ])
    progress.line(drv, line);
  compile(1, 6000);
  assert.deepEqual(shown, ['compiling linux-6.1.192: 2 of about 10 files, a minute left']);
});

test('a message comes every five seconds at most', async () => {
  const { compile, shown } = await follow({ files: 1000, symbols: 400 });
  compile(1000, 20_000);
  assert.equal(shown.length, 4);
});

test('more files than expected, and an unknown size, are counted alone', async () => {
  for (const size of [{ files: 3, symbols: 1 }, undefined]) {
    const { compile, shown } = await follow(size);
    compile(5, 6000);
    assert.deepEqual(shown, ['compiling linux-6.1.192: 6 files']);
  }
});

test('the size of a kernel is remembered if it was built', async () => {
  const { progress, compile, remembered } = await follow({ files: 10, symbols: 5 });
  compile(11, 6000);
  await progress.end(() => false);
  assert.deepEqual(remembered, []);
  await progress.end((drvPath) => drvPath === drv);
  assert.deepEqual(remembered, [[drv, { files: 12, symbols: 5 }]]);
});
