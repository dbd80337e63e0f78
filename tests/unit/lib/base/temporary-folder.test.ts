import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { withTemporaryFolder } from '../../../../lib/base/temporary-folder.ts';

const parent = mkdtempSync(join(tmpdir(), 'temporary-folder-'));
after(() => rmSync(parent, { recursive: true }));

test('a temporary folder is private, and removed even after a failure (fault 33)', async () => {
  const fails = withTemporaryFolder(
    (folder) => {
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      writeFileSync(join(folder, 'key'), 'secret');
      throw new Error('it failed');
    },
    { parent },
  );
  await assert.rejects(fails, /it failed/);
  assert.deepEqual(readdirSync(parent), []);
});

test('temporary folders of killed processes are removed, and no others (fault 33)', async () => {
  let name = '';
  await withTemporaryFolder(
    async (own) => {
      name = basename(own);
      const by = (pid: number) => join(parent, name.replace(`-${process.pid}-`, `-${pid}-`));
      // Linux has no pid above 2^22.
      const killed = by(2 ** 22 + 1);
      const running = by(process.ppid);
      const elsewhere = join(parent, `nixos-fleet-00000000-${2 ** 22 + 1}-abcdef`);
      const unrelated = join(parent, 'nixos-fleet-notes');
      for (const folder of [killed, running, elsewhere, unrelated]) mkdirSync(folder);
      writeFileSync(join(killed, 'key'), 'secret');
      await withTemporaryFolder(() => undefined, { parent });
      assert.equal(existsSync(killed), false);
      for (const folder of [own, running, elsewhere, unrelated]) assert.ok(existsSync(folder), folder);
    },
    { parent },
  );
  assert.equal(existsSync(join(parent, name)), false);
});
