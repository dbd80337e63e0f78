import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as z from 'zod';
import {
  readIfThere,
  readJson,
  replaceFile,
  writeAtomically,
  writeJson,
} from '../../../../lib/base/files.ts';

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-files-'));
const mode = (path: string) => statSync(path).mode & 0o777;
process.umask(0o022);
after(() => rmSync(folder, { recursive: true }));

test('a new file and its folders are readable by their owner only, unless a mode is given', async () => {
  await writeAtomically(join(folder, 'own/deep/file'), 'text');
  assert.equal(readFileSync(join(folder, 'own/deep/file'), 'utf8'), 'text');
  assert.deepEqual(
    [mode(join(folder, 'own')), mode(join(folder, 'own/deep')), mode(join(folder, 'own/deep/file'))],
    [0o700, 0o700, 0o600],
  );
  await writeAtomically(join(folder, 'shared/file'), 'text', { mode: 0o644 });
  assert.deepEqual([mode(join(folder, 'shared')), mode(join(folder, 'shared/file'))], [0o755, 0o644]);
});

test('a failed write keeps the old content and leaves no draft', async () => {
  const inTheWay = join(folder, 'failing/place');
  mkdirSync(join(inTheWay, 'full'), { recursive: true });
  await assert.rejects(writeAtomically(inTheWay, 'text'));
  await assert.rejects(replaceFile(inTheWay, 'text'));
  assert.deepEqual(readdirSync(join(folder, 'failing')), ['place']);
});

test('replacing a file keeps its symbolic link and permissions', async () => {
  const place = join(folder, 'users');
  mkdirSync(place);
  writeFileSync(join(place, 'target'), 'old');
  chmodSync(join(place, 'target'), 0o664);
  symlinkSync('target', join(place, 'link'));
  await replaceFile(join(place, 'link'), 'new');
  assert.equal(readlinkSync(join(place, 'link')), 'target');
  assert.equal(readFileSync(join(place, 'target'), 'utf8'), 'new');
  assert.equal(mode(join(place, 'target')), 0o664);
  await replaceFile(join(place, 'fresh/file'), 'new');
  assert.equal(mode(join(place, 'fresh/file')), 0o644);
  assert.deepEqual(readdirSync(place).sort(), ['fresh', 'link', 'target']);
});

test('JSON is checked against its schema on reading', async () => {
  const file = join(folder, 'record.json');
  const schema = z.object({ name: z.string() });
  assert.equal(await readJson(file, schema), undefined);
  await writeJson(file, { name: 'web', later: true });
  assert.equal(await readIfThere(file), '{\n  "name": "web",\n  "later": true\n}\n');
  assert.deepEqual(await readJson(file, schema), { name: 'web' });
  await writeAtomically(file, '{"name":1}');
  await assert.rejects(readJson(file, schema), {
    code: 'file-invalid',
    message: /record\.json[\s\S]*at name/,
  });
  await writeAtomically(file, '{');
  await assert.rejects(readJson(file, schema), { code: 'file-invalid' });
});

test('only a missing file reads as undefined', async () => {
  assert.equal(await readIfThere(join(folder, 'missing')), undefined);
  await assert.rejects(readIfThere(folder), { code: 'EISDIR' });
});
