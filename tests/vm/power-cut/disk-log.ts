/** QEMU's log of a disk's writes (driver blklogwrites, the format of dm-log-writes), from which the disk at any point is made. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const mebibyte = 2 ** 20;
/** Where the image's partitions begin: the EFI system partition, then the root. */
export const espStart = mebibyte;
export const rootStart = 129 * mebibyte;

interface Write {
  /** Bytes from the disk's start. */
  offset: number;
  length: number;
  /** Where the data is in the log. Zeros without it. */
  data: number | undefined;
  /** End of the entry in the log: the log's size once the write is in it. */
  end: number;
  /** Whether everything before is on the disk, whatever its cache. */
  flushed: boolean;
}

const flags = { flush: 1n, fua: 2n, discard: 4n };

/** The writes in a log, in their order. */
function readLog(file: string, size: number): Write[] {
  const handle = openSync(file, 'r');
  const head = Buffer.alloc(32);
  try {
    readSync(handle, head, 0, 32, 0);
    if (head.readBigUInt64LE(0) !== 0x6a736677736872n) throw new Error(`${file} is no log of writes`);
    const sector = head.readUInt32LE(24);
    const writes: Write[] = [];
    for (let at = sector; at + sector <= size; ) {
      readSync(handle, head, 0, 32, at);
      const [start = 0n, count = 0n, flag = 0n] = [0, 8, 16].map((offset) => head.readBigUInt64LE(offset));
      const length = Number(count) * sector;
      const data = flag & flags.discard ? undefined : at + sector;
      at += sector + (data === undefined ? 0 : length);
      if (at > size) break;
      const flushed = (flag & (flags.flush | flags.fua)) !== 0n;
      writes.push({ offset: Number(start) * sector, length, data, end: at, flushed });
    }
    return writes;
  } finally {
    closeSync(handle);
  }
}

/** A raw disk that goes forward through the log, and a copy of its root partition, which debugfs wants in a file of its own. */
export class Replay {
  readonly writes: readonly Write[];
  readonly #log: number;
  readonly #disk: number;
  readonly #root: number;
  #next = 0;
  /** How many writes to the EFI system partition were applied. */
  espWrites = 0;

  constructor({ disk, root, log, size }: { disk: string; root: string; log: string; size: number }) {
    this.writes = readLog(log, size);
    this.#log = openSync(log, 'r');
    this.#disk = openSync(disk, 'r+');
    this.#root = openSync(root, 'r+');
  }

  /** Applies all writes up to a size of the log. */
  advance(end: number): void {
    for (let write = this.writes[this.#next]; write && write.end <= end; write = this.writes[++this.#next]) {
      const { length, offset, data } = write;
      const bytes = Buffer.alloc(length);
      if (data !== undefined) readSync(this.#log, bytes, 0, length, data);
      writeSync(this.#disk, bytes, 0, length, offset);
      if (offset < rootStart) this.espWrites++;
      else writeSync(this.#root, bytes, 0, length, offset - rootStart);
    }
  }

  close(): void {
    for (const handle of [this.#log, this.#disk, this.#root]) closeSync(handle);
  }
}
