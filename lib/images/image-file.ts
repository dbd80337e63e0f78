import { open } from 'node:fs/promises';
import { extname } from 'node:path';

/** Format and sizes of a disk image, as read from its file. */
export interface ImageFile {
  /** `qcow2`, `vmdk`, `vpc`, `iso`, `raw`, or the file name's extension for other formats. */
  format: string;
  /** Size of the disk that a machine sees; undefined for an archive. */
  virtualSizeBytes?: number;
  /** Space that the file takes on its disk. */
  realSizeBytes: number;
}

/** Extensions of archives and compressed files, whose disk size is not in the header. */
const archives = ['.gz', '.xz', '.zst', '.bz2', '.tar', '.zip', '.ova', '.vma', '.vhdx'];

/** Reads format and disk size from a disk image's header. */
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

/** Format and disk size from parts of a file: `tail` holds its last 512 bytes, `iso` the five bytes at 32769. */
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
  const extension = extname(path).toLowerCase();
  if (archives.includes(extension))
    return { format: path.endsWith(`.tar${extension}`) ? `tar${extension}` : extension.slice(1) };
  if (extension === '.iso' || (extension === '' && iso.toString('latin1') === 'CD001'))
    return { format: 'iso', virtualSizeBytes: size };
  return { format: 'raw', virtualSizeBytes: size };
}

/** The format expected from a file name, for an image that is not built yet; undefined if unknown. */
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
