import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { FleetError } from '../../base/errors.ts';
import { cacheRoot } from '../../base/home.ts';
import { convertToRaw } from '../../local/vm/disk.ts';
import { describeImage } from '../image-file.ts';

/** What goes onto a disk, byte for byte. */
export interface RawImage {
  path: string;
  /** Whole sectors of 512 bytes. */
  bytes: number;
  /** Size of the sectors that its partition table counts in. */
  sectorBytes: number;
}

const MiB = 2 ** 20;
const unpackers: Record<string, () => NodeJS.ReadWriteStream> = {
  zst: createZstdDecompress,
  gz: createGunzip,
};

/**
 * Hands an image to `use` as a machine would see it: as it is, or unpacked into a file of the cache folder, which is removed
 * afterwards.
 * @throws FleetError `image-failed` for what is no image of a whole disk, or of a kind that is not known
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
  const folder = await mkdtemp(join(parent, 'raw-'));
  const target = join(folder, 'disk.raw');
  try {
    if (unpack) await pipeline(createReadStream(image), unpack(), createWriteStream(target), { signal });
    else await convertToRaw(image, target, host, signal);
    return await use(await rawImage(target, image, host));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** SHA-256 of the whole image, and of its first MiB; the file may be large. */
export async function hashRaw(
  { path, bytes }: RawImage,
  signal: AbortSignal,
): Promise<{ sha256: string; headSha256: string }> {
  const whole = createHash('sha256');
  const head = createHash('sha256');
  let seen = 0;
  for await (const chunk of paddedImage({ path, bytes }, signal)) {
    if (seen < MiB) head.update(chunk.subarray(0, MiB - seen));
    whole.update(chunk);
    seen += chunk.length;
  }
  return { sha256: whole.digest('hex'), headSha256: head.digest('hex') };
}

/** The bytes of an image, up to a whole sector. */
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
    fix: 'Name an image of a whole disk: raw (also packed as .gz or .zst), iso, qcow2, vmdk, vhd or vdi.',
  });
}
