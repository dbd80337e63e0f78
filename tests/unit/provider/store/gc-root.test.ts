import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gcRootName, removeGcRoot } from '../../../../provider/store/gc-root.ts';

const urn = (name: string) => `urn:pulumi:dev::fleet::nixos:index:Host$nixos:index:System::${name}`;

test('the name contains project, stack, kind and resource', () => {
  assert.equal(gcRootName(urn('web'), 'system'), 'fleet-dev-system-web');
});

test('a name that is no file name is made one, and stays apart from its like', () => {
  const names = ['a/b', 'a_b', 'a b', 'a::b', 'ä'].map((name) => gcRootName(urn(name), 'system'));
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[A-Za-z0-9._-]+$/);
  assert.ok(gcRootName(urn('x'.repeat(500)), 'system').length < 255);
});

test('only a link is removed, and one that is gone is no error', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gc-root-'));
  t.after(() => rm(folder, { recursive: true }));
  await symlink('/nix/store/nowhere', join(folder, 'link'));
  await writeFile(join(folder, 'file'), 'kept');
  for (const name of ['link', 'file', 'nothing', 'file/below']) await removeGcRoot(join(folder, name));
  assert.deepEqual(await readdir(folder), ['file']);
});
