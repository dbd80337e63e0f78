import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { until } from '../../../../lib/base/until.ts';
import { writtenSince } from '../../../../lib/base/written-since.ts';

const folder = mkdtempSync(join(tmpdir(), 'written-since-'));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'a/b'), { recursive: true });
mkdirSync(join(folder, '.git/objects'), { recursive: true });
writeFileSync(join(folder, 'a/b/file'), 'one');

/** A time since which nothing was written. */
async function quiet(): Promise<number> {
  const time = await until(
    () => {
      const now = Date.now();
      return writtenSince(folder, now) ? undefined : now;
    },
    { limitSeconds: 10, intervalSeconds: 0.005 },
  );
  assert.ok(time, `nothing settles on a file system of type ${statfsSync(folder).type.toString(16)}`);
  return time;
}

const changes = {
  'a file is written': () => writeFileSync(join(folder, 'a/b/file'), 'two'),
  'a file is created': () => writeFileSync(join(folder, 'a/b/other'), ''),
  'a file is renamed': () => renameSync(join(folder, 'a/b/other'), join(folder, 'a/b/third')),
  'a file is removed': () => rmSync(join(folder, 'a/b/third')),
  'git’s index is written': () => writeFileSync(join(folder, '.git/index'), ''),
};

for (const [what, change] of Object.entries(changes)) {
  test(`noticed: ${what}`, async () => {
    const time = await quiet();
    change();
    assert.equal(writtenSince(folder, time), true);
  });
}

test('a Git object alone is no change', async () => {
  const time = await quiet();
  writeFileSync(join(folder, '.git/objects/object'), '');
  assert.equal(writtenSince(folder, time), false);
});

test('an unreadable folder counts as written', () => {
  assert.equal(writtenSince(join(folder, 'gone'), Date.now()), true);
});
