import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { FleetError } from '../../base/errors.ts';
import { cacheRoot } from '../../base/home.ts';
import { withTemporaryFolder } from '../../base/temporary-folder.ts';
import { convertToRaw } from '../../local/vm/disk.ts';
import { describeImage } from '../image-file.ts';

/** A raw image: what is written onto a disk, byte for byte. */
export interface RawImage {
  path: string;
  /** Size, rounded up to sectors of 512 bytes. */
  bytes: number;
  /** Sector size of its partition table, bytes. */
  sectorBytes: number;
}

const MiB = 2 ** 20;
const unpackers: Record<string, () => NodeJS.ReadWriteStream> = {
  zst: createZstdDecompress,
  gz: createGunzip,
};

/**
 * Calls `use` with the raw form of an image: the file itself, or a temporary file in the cache folder.
 * @throws FleetError `image-failed` if it is not an image of a whole disk, or has an unknown format
 */
export async function withRawImage<T>(
  image: string,
  { host, signal }: { host: string; signal: AbortSignal },
  use: (raw: RawImage) => Promise<T>,
): Promise<T> {
  const { format } = await describeImage(image).catch((cause: Error) => {
    throw notAnImage(image, host, cause.message);
  });
  if (format === 'raw' || format === 'iso') return await use(await rawImage(image, image, host));
  const unpack = /\.(vma|tar)\b/i.test(basename(image)) ? undefined : unpackers[format];
  if (!unpack && !['qcow2', 'vmdk', 'vpc', 'vhdx', 'vdi'].includes(format))
    throw notAnImage(image, host, `its format is ${format}`);
  const parent = join(cacheRoot(), 'disk-images');
  await mkdir(parent, { recursive: true });
  return await withTemporaryFolder(
    async (folder) => {
      const target = join(folder, 'disk.raw');
      if (unpack) await pipeline(createReadStream(image), unpack(), createWriteStream(target), { signal });
      else await convertToRaw(image, target, host, signal);
      return await use(await rawImage(target, image, host));
    },
    { parent },
  );
}

/** SHA-256 of the whole image and of its first MiB. */
export async function hashRaw(
  { path, bytes }: RawImage,
  signal: AbortSignal,
): Promise<{ sha256: string; headSha256: string }> {
  const whole = createHash('sha256');
  const head = createHash('sha256');
  let offset = 0;
  for await (const chunk of paddedImage({ path, bytes }, signal)) {
    if (offset < MiB) head.update(chunk.subarray(0, MiB - offset));
    whole.update(chunk);
    offset += chunk.length;
  }
  return { sha256: whole.digest('hex'), headSha256: head.digest('hex') };
}

/** The bytes of an image, padded to whole sectors. */
export async function* paddedImage(
  { path, bytes }: Pick<RawImage, 'path' | 'bytes'>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of createReadStream(path, { highWaterMark: MiB, signal })) {
    left -= (chunk as Buffer).length;
    yield chunk as Buffer;
  }
  if (left > 0) yield Buffer.alloc(left);
}

async function rawImage(path: string, image: string, host: string): Promise<RawImage> {
  const { size } = await stat(path);
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4104), 0, 4104, 0);
    const text = (at: number) => buffer.subarray(at, at + 8).toString('latin1');
    const isGpt = (sector: number) => text(sector) === 'EFI PART';
    if (!isGpt(512) && !isGpt(4096) && buffer.readUInt16BE(510) !== 0x55aa)
      throw notAnImage(image, host, 'it has no partition table');
    return { path, bytes: Math.ceil(size / 512) * 512, sectorBytes: isGpt(4096) && !isGpt(512) ? 4096 : 512 };
  } finally {
    await file.close();
  }
}

function notAnImage(image: string, host: string, why: string): FleetError {
  return new FleetError({
    code: 'image-failed',
    what: `${image} cannot be written onto a disk`,
    host,
    why,
    fix: 'Use an image of a whole disk: raw (optionally compressed as .gz or .zst), iso, qcow2, vmdk, vhd or vdi.',
  });
}
