import { lstatSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** File systems whose timestamps come from this computer's clock, by statfs magic number. */
const ownClock = new Set([
  0xef53, // ext2 to ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
  0x2fc12fc1, // zfs
  0xf2f52010, // f2fs
  0xca451a4e, // bcachefs
]);

/** Milliseconds. The kernel stamps changes with the time of its last tick. */
const tick = 10;

/**
 * Whether anything below a folder was created, written, renamed or removed since a time, in milliseconds since 1970.
 * True if that is unknown: on a file system with another clock, or if something cannot be read.
 */
export function writtenSince(folder: string, since: number): boolean {
  const written = (path: string): boolean => {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.some((entry) => {
      const inner = join(path, entry.name);
      // A new Git object takes effect only through a ref or the index, which are outside this folder.
      if (inner.endsWith('/.git/objects')) return false;
      return lstatSync(inner).ctimeMs >= since - tick || (entry.isDirectory() && written(inner));
    });
  };
  try {
    if (!ownClock.has(statfsSync(folder).type)) return true;
    return statSync(folder).ctimeMs >= since - tick || written(folder);
  } catch {
    return true;
  }
}
