import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeAtomically } from '../base/files.ts';
import { cacheRoot } from '../base/home.ts';

const dayMilliseconds = 24 * 3600 * 1000;

/** Days without use after which a file is removed. Texts are kept longer: the state refers to them until the machine changes. */
const keptDays = {
  facts: 30,
  configs: 30,
  outputs: 30,
  locks: 30,
  reads: 30,
  closures: 30,
  texts: 400,
} as const;

/** Removes files of the cache that were not used for long, at most once a day. Never throws. */
export async function pruneCache(now = Date.now()): Promise<void> {
  const stamp = join(cacheRoot(), 'facts', '.pruned');
  const last = Number(await readIfThere(stamp).catch(() => undefined));
  if (last > now - dayMilliseconds && last <= now) return;
  try {
    await writeAtomically(stamp, String(now));
    for (const [folder, days] of Object.entries(keptDays)) {
      await removeOlder(join(cacheRoot(), folder), now - days * dayMilliseconds);
    }
  } catch {
    // A cache that cannot be pruned can still be used.
  }
}

async function removeOlder(folder: string, before: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const { mtimeMs } = await lstat(path);
    if (mtimeMs < before) await rm(path, { force: true });
  }
}
