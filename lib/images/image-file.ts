import { open } from 'node:fs/promises';
import { extname } from 'node:path';

/** What a disk image is, as its file tells. */
export interface ImageFile {
  /** `qcow2`, `vmdk`, `vpc`, `iso`, `raw`, or for others the end of the file's name. */
  format: string;
  /** Size of the disk that a machine sees; unknown for an archive. */
  virtualSizeBytes?: number;
  /** Room that the file takes on its disk. */
  realSizeBytes: number;
}

/** Ends of names that are archives or folders packed up, and no disks. */
const archives = ['.gz', '.xz', '.zst', '.bz2', '.tar', '.zip', '.ova', '.vma', '.vhdx'];

/** Reads a disk image's header: its format and the size of its disk. */
export async function describeImage(path: string): Promise<ImageFile> {
  const file = await open(path);
  try {
    const { size, blocks } = await file.stat();
    const head = await read(file, 0, 512);
    const tail = await read(file, Math.max(0, size - 512), 512);
    const iso = await read(file, 32769, 5);
    return { ...fromHeader(path, size, { head, tail, iso }), realSizeBytes: blocks * 512 };
  } finally {
    await file.close();
  }
}

/** Pure. `tail` holds the last 512 bytes, `iso` the five bytes at 32769. */
export function fromHeader(
  path: string,
  size: number,
  { head, tail, iso }: Record<'head' | 'tail' | 'iso', Buffer>,
): Omit<ImageFile, 'realSizeBytes'> {
  if (head.subarray(0, 4).equals(Buffer.from('QFI\xfb', 'latin1')) && head.length >= 32) {
    return { format: 'qcow2', virtualSizeBytes: Number(head.readBigUInt64BE(24)) };
  }
  if (head.subarray(0, 4).toString('latin1') === 'KDMV' && head.length >= 20) {
    return { format: 'vmdk', virtualSizeBytes: Number(head.readBigUInt64LE(12)) * 512 };
  }
  if (tail.subarray(0, 8).toString('latin1') === 'conectix' && tail.length >= 56) {
    return { format: 'vpc', virtualSizeBytes: Number(tail.readBigUInt64BE(48)) };
  }
  const end = extname(path).toLowerCase();
  if (archives.includes(end)) return { format: path.endsWith(`.tar${end}`) ? `tar${end}` : end.slice(1) };
  if (end === '.iso' || (end === '' && iso.toString('latin1') === 'CD001'))
    return { format: 'iso', virtualSizeBytes: size };
  return { format: 'raw', virtualSizeBytes: size };
}

/** The format that a file of this name will have, as far as the name tells it: before it is built. */
export function formatOfName(name: string): string | undefined {
  const known: Record<string, string> = {
    '.qcow2': 'qcow2',
    '.vmdk': 'vmdk',
    '.vhd': 'vpc',
    '.iso': 'iso',
    '.img': 'raw',
    '.raw': 'raw',
  };
  return known[extname(name).toLowerCase()];
}

async function read(
  file: Awaited<ReturnType<typeof open>>,
  position: number,
  length: number,
): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
