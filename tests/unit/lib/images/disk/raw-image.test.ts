import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { FleetError } from '../../../../../lib/base/errors.ts';
import { hashRaw, type RawImage, withRawImage } from '../../../../../lib/images/disk/raw-image.ts';

const folder = mkdtempSync(join(tmpdir(), 'raw-image-'));
after(() => rmSync(folder, { recursive: true }));
process.env.XDG_CACHE_HOME = join(folder, 'cache');
const { signal } = new AbortController();
const to = { host: 'web', signal };
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

/** Something that begins as a disk with a GPT does. */
function disk(bytes: number): Buffer {
  const data = Buffer.alloc(bytes, 7);
  data.write('EFI PART', 512, 'latin1');
  return data;
}

function file(name: string, data: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, data);
  return path;
}

test('a raw image is used as it is, padded to whole sectors', async () => {
  const data = disk(3 * 2 ** 20 + 100);
  const padded = Buffer.concat([data, Buffer.alloc(412)]);
  await withRawImage(file('odd.raw', data), to, async (raw) => {
    assert.deepEqual([raw.bytes, raw.sectorBytes], [padded.length, 512]);
    assert.deepEqual(await hashRaw(raw, signal), {
      sha256: sha256(padded),
      headSha256: sha256(padded.subarray(0, 2 ** 20)),
    });
  });
});

for (const [end, pack] of [
  ['gz', gzipSync],
  ['zst', zstdCompressSync],
] as const) {
  test(`a .${end} is unpacked into a temporary file, which is removed even after a failure`, async () => {
    const path = file(`disk.img.${end}`, pack(disk(8192)));
    let seen: RawImage | undefined;
    const fails = withRawImage(path, to, async (raw) => {
      seen = raw;
      assert.deepEqual(readFileSync(raw.path), disk(8192));
      throw new Error('no network');
    });
    await assert.rejects(fails, /no network/);
    assert.ok(seen && !existsSync(seen.path));
  });
}

test('a file that is not an image of a whole disk is refused, with the reason', async () => {
  const refused = async (name: string, data: Buffer) => {
    let error: FleetError | undefined;
    await withRawImage(file(name, data), to, async () => undefined).catch((thrown) => {
      error = thrown;
    });
    assert.equal(error?.code, 'image-failed');
    return error?.why ?? '';
  };
  assert.match(await refused('notes.raw', Buffer.from('hello')), /no partition table/);
  assert.match(await refused('notes.raw.gz', gzipSync(Buffer.alloc(4096))), /no partition table/);
  assert.match(await refused('system.tar.xz', disk(4096)), /format is tar\.xz/);
  assert.match(await refused('machine.vma.zst', zstdCompressSync(disk(4096))), /format is zst/);
  await assert.rejects(
    withRawImage(join(folder, 'missing'), to, async () => undefined),
    /ENOENT/,
  );
});
