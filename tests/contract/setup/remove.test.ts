import assert from 'node:assert/strict';
import { access, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Sandbox, setup } from './sandbox.ts';

async function installed(t: TestContext, { marker }: { marker: boolean }) {
  const sandbox = await Sandbox.create(t);
  const nix = join(sandbox.root, 'nix');
  const modules = join(sandbox.root, 'checkout/node_modules');
  await mkdir(join(nix, 'store/path'), { recursive: true, mode: 0o755 });
  await mkdir(join(sandbox.cache, 'node-24.21.0/bin'), { recursive: true });
  await mkdir(modules, { recursive: true });
  if (marker) {
    await writeFile(join(nix, '.nixos-fleet'), '');
    await writeFile(join(modules, '.nixos-fleet'), '');
  }
  await cp(setup, join(sandbox.root, 'checkout/setup'), { recursive: true });
  const remove = join(sandbox.root, 'checkout/setup/remove');
  return { sandbox, nix, modules, remove };
}

test('only what setup created is removed', async (t) => {
  const { sandbox, nix, modules, remove } = await installed(t, { marker: true });
  const result = await sandbox.run(remove, []);
  assert.equal(result.code, 0, result.stderr);
  for (const gone of [nix, modules, join(sandbox.root, 'cache/nixos-fleet')]) {
    await assert.rejects(access(gone), gone);
  }
  await access(join(sandbox.root, 'checkout/setup/with'));
});

test('a /nix and node_modules that existed before stay', async (t) => {
  const { sandbox, nix, modules, remove } = await installed(t, { marker: false });
  const result = await sandbox.run(remove, []);
  assert.equal(result.code, 0, result.stderr);
  await access(join(nix, 'store/path'));
  await access(modules);
  await assert.rejects(access(sandbox.cache));
});

test('it refuses while virtual machines exist', async (t) => {
  const { sandbox, remove } = await installed(t, { marker: true });
  await mkdir(join(sandbox.home, '.local/state/nixos-fleet/vm/dev/base'), { recursive: true });
  const result = await sandbox.run(remove, []);
  assert.equal(result.code, 1);
  assert.match(
    result.stderr,
    /virtual machines exist .*\n {2}fix: {2}remove them first with 'pulumi destroy'/,
  );
  await access(sandbox.cache);
});

test('it refuses while lab machines exist, unless forced', async (t) => {
  const { sandbox, remove } = await installed(t, { marker: true });
  await mkdir(join(sandbox.home, '.local/state/nixos-fleet/lab/dev/web'), { recursive: true });
  const result = await sandbox.run(remove, []);
  assert.equal(result.code, 1);
  assert.match(
    result.stderr,
    /lab machines exist .*\n {2}fix: {2}remove them first with 'npm run demo -- destroy'/,
  );
  await access(sandbox.cache);
  assert.equal((await sandbox.run(remove, ['--force'])).code, 0);
  await assert.rejects(access(sandbox.cache));
});
