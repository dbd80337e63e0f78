import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { keepCopy, keptState, manifestPath, removeCopy } from '../../../../lib/images/kept-copy.ts';

const folder = mkdtempSync(join(tmpdir(), 'kept-copy-'));
after(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();

function manifestOf(source: string, text: string) {
  return {
    image: 'disk',
    configuration: 'web',
    attribute: 'system.build.images.raw-efi',
    format: 'raw',
    sha256: createHash('sha256').update(text).digest('hex'),
    bytes: text.length,
    builtAt: '2026-01-02T03:04:05.000Z',
    source,
    system: '/nix/store/x',
    nixosLabel: '26.05',
    kernel: '6.18',
    revision: 'abc',
  };
}

/** Keeps `text` as an image at `target`. */
async function keep(target: string, text: string): Promise<void> {
  const source = join(folder, 'source');
  writeFileSync(source, text);
  await keepCopy(target, { source, manifest: manifestOf(source, text), signal });
}

test('a copy has a manifest and is replaced by a newer image', async () => {
  const target = join(folder, 'new/folder/disk.img');
  assert.equal(await keptState(target), 'missing');
  await keep(target, 'one');
  assert.equal(await keptState(target), 'in-place');
  assert.equal(statSync(target).mode & 0o777, 0o444);
  await keep(target, 'two, longer');
  assert.equal(readFileSync(target, 'utf8'), 'two, longer');
  assert.equal(JSON.parse(readFileSync(manifestPath(target), 'utf8')).bytes, 11);
  assert.equal(await removeCopy(target), 'removed');
  assert.deepEqual([existsSync(target), existsSync(manifestPath(target))], [false, false]);
});

test('a foreign file and a modified copy are neither replaced nor removed', async () => {
  const foreign = join(folder, 'foreign.img');
  writeFileSync(foreign, 'mine');
  await assert.rejects(keep(foreign, 'one'), /\[image-failed\][\s\S]*not an unchanged copy[\s\S]*fix:/);
  assert.equal(readFileSync(foreign, 'utf8'), 'mine');

  const target = join(folder, 'changed.img');
  await keep(target, 'one');
  chmodSync(target, 0o644);
  appendFileSync(target, '!');
  assert.equal(await keptState(target), 'changed');
  await assert.rejects(keep(target, 'two'), /\[image-failed\]/);
  assert.equal(await removeCopy(target), 'changed');
  assert.equal(readFileSync(target, 'utf8'), 'one!');
});

test('a copy with other content of the same length is detected', async () => {
  const target = join(folder, 'same-length.img');
  await keep(target, 'one');
  chmodSync(target, 0o644);
  writeFileSync(target, 'eno');
  assert.equal(await keptState(target), 'changed');
});

test('a copy with only another mtime counts as unchanged', async () => {
  const target = join(folder, 'touched.img');
  await keep(target, 'one');
  chmodSync(target, 0o644);
  writeFileSync(target, 'one');
  assert.equal(await keptState(target), 'in-place');
});

test('a run that was interrupted before the manifest is completed', async () => {
  const target = join(folder, 'cut-off.img');
  await keep(target, 'one');
  rmSync(manifestPath(target));
  await keep(target, 'one');
  assert.equal(await keptState(target), 'in-place');
});

test('a copy that a process has open stays, and the error names the process', async () => {
  const target = join(folder, 'open.img');
  await keep(target, 'one');
  const reader = spawn('sh', ['-c', 'exec 3<"$1"; echo ready; read -r line', 'sh', target]);
  try {
    await once(reader.stdout, 'data');
    await assert.rejects(keep(target, 'two'), new RegExp(`process ${reader.pid} \\(sh\\) has it open`));
    assert.equal(await removeCopy(target), 'in-use');
    assert.equal(readFileSync(target, 'utf8'), 'one');
  } finally {
    const ended = once(reader, 'exit');
    reader.stdin.end();
    await ended;
  }
  await keep(target, 'two');
  assert.equal(readFileSync(target, 'utf8'), 'two');
});
