import assert from 'node:assert/strict';
import { access, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
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

for (const [what, path] of [
  ['a profile', 'var/nix/profiles/default'],
  ['another installation', 'receipt.json'],
  ['a root of another program', 'var/nix/gcroots/other'],
] as const) {
  test(`a /nix that setup created, and that ${what} uses since, stays (fault 34)`, async (t) => {
    const { sandbox, nix, remove } = await installed(t, { marker: true });
    await mkdir(join(nix, path, '..'), { recursive: true });
    await symlink('/nix/store/path', join(nix, path));
    const result = await sandbox.run(remove, []);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, new RegExp(`kept: \\S+nix, since others use it \\(\\S*${path}\\)`));
    await access(join(nix, 'store/path'));
    await assert.rejects(access(sandbox.cache));
  });
}

test('what the set-up itself leaves in its /nix is no use by others', async (t) => {
  const { sandbox, nix, remove } = await installed(t, { marker: true });
  await mkdir(join(nix, 'var/nix/profiles/per-user/root'), { recursive: true });
  await mkdir(join(nix, 'var/nix/gcroots/auto'), { recursive: true });
  for (const name of ['profiles', 'nixos-fleet', 'auto/abc']) {
    await symlink('/nix/store/path', join(nix, 'var/nix/gcroots', name));
  }
  assert.equal((await sandbox.run(remove, [])).code, 0);
  await assert.rejects(access(nix));
});

test('a /nix with anything in it before the set-up is not marked as created by it (fault 34)', async (t) => {
  for (const [before, marked] of [
    [[], true],
    [['lost+found'], false],
  ] as const) {
    const sandbox = await Sandbox.create(t);
    const nix = join(sandbox.root, 'nix');
    for (const name of before) await mkdir(join(nix, name), { recursive: true });
    const result = await sandbox.sh(['common', 'nix'], 'nix_place');
    assert.equal(result.code, 0, result.stderr);
    const marker = access(join(nix, '.nixos-fleet')).then(
      () => true,
      () => false,
    );
    assert.equal(await marker, marked);
  }
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
