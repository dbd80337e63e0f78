import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FleetError, isFailure } from '../../base/errors.ts';
import { exists } from '../../base/files.ts';
import { run } from '../../base/process/run.ts';
import { ensureVmBase } from './base.ts';

export interface DiskRequest {
  /** The disk's file, a qcow2 image; nothing else may be using it. */
  file: string;
  /** Image that the disk is created from; default: an empty disk. */
  image?: string;
  /** Whether the disk is a full copy of the image, or has it as backing file. */
  from?: 'copy' | 'backing';
  /** Size in MiB; default: the image's. */
  sizeMiB?: number;
  /** Machine named in errors. */
  host: string;
  signal?: AbortSignal;
}

interface ImageInfo {
  format: string;
  'virtual-size': number;
  /** Its backing file, if any. */
  'full-backing-filename'?: string;
}

const MiB = 1024 * 1024;

/** Creates a disk if there is none, and grows an existing one. Keeps its data. */
export async function ensureDisk(request: DiskRequest): Promise<void> {
  const { file, sizeMiB, host, signal } = request;
  if (!(await exists(file))) await makeDisk(request);
  if (sizeMiB === undefined) return;
  const { 'virtual-size': size } = await imageInfo(file, host);
  if (size === sizeMiB * MiB) return;
  if (size > sizeMiB * MiB) throw tooSmall(host, file, size, sizeMiB);
  await qemuImg(['resize', '-f', 'qcow2', file, `${sizeMiB}M`], host, signal);
}

/** Under another name first, so that an interrupted copy is never used as a disk. */
async function makeDisk({ file, image, from, sizeMiB, host, signal }: DiskRequest): Promise<void> {
  const draft = `${file}.new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await rm(draft, { force: true });
  if (image === undefined) {
    await qemuImg(['create', '-q', '-f', 'qcow2', draft, `${sizeMiB}M`], host, signal);
  } else {
    const { format, 'virtual-size': size } = await imageInfo(image, host);
    if (sizeMiB !== undefined && size > sizeMiB * MiB) throw tooSmall(host, image, size, sizeMiB);
    const make =
      from === 'backing'
        ? ['create', '-q', '-f', 'qcow2', '-b', image, '-F', format, draft]
        : ['convert', '-f', format, '-O', 'qcow2', image, draft];
    await qemuImg(make, host, signal);
  }
  await rename(draft, file);
}

/** Converts a disk image to a sparse raw file. */
export async function convertToRaw(
  image: string,
  target: string,
  host: string,
  signal?: AbortSignal,
): Promise<void> {
  const { format } = await imageInfo(image, host);
  await qemuImg(['convert', '-f', format, '-O', 'raw', image, target], host, signal);
}

/** Format and size of a disk image, also of one that is in use. */
export async function imageInfo(file: string, host: string): Promise<ImageInfo> {
  return JSON.parse(await qemuImg(['info', '--force-share', '--output=json', file], host));
}

async function qemuImg(args: string[], host: string, signal?: AbortSignal): Promise<string> {
  const { tools } = await ensureVmBase();
  try {
    const limits = { timeoutSeconds: 1800, signal };
    return (await run(tools['qemu-img'], args, limits)).stdout;
  } catch (cause) {
    if (!isFailure(cause)) throw cause;
    const { why } = cause;
    throw new FleetError({ code: 'vm-failed', host, what: `qemu-img ${args[0]} failed`, why, cause });
  }
}

function tooSmall(host: string, file: string, size: number, sizeMiB: number): FleetError {
  return new FleetError({
    code: 'vm-failed',
    host,
    what: `a disk cannot shrink to ${sizeMiB} MiB`,
    why: `${file} has ${Math.ceil(size / MiB)} MiB`,
    fix: 'Set at least that size, or leave the size out.',
  });
}
