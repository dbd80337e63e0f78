import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pMap from 'p-map';
import { FleetError, hasCode } from '../../../base/errors.ts';
import { readJson, undefinedIfMissing, writeJson } from '../../../base/files.ts';
import { type CachedPath, parseNarinfo } from './narinfo.ts';
import { emptyRecord, type RootsRecord, rootsRecord } from './record.ts';

/** The folder of a store `file:///…`; undefined for any other store. */
export function folderOf(uri: string | undefined): string | undefined {
  return uri?.startsWith('file://') ? fileURLToPath(uri.replace(/\?.*$/, '')) : undefined;
}

/** The machine that a record belongs to. */
export interface RecordPlace {
  project: string;
  stack: string;
  machine: string;
}

/** Path of the record, relative to the cache's folder. */
export function recordFile({ project, stack, machine }: RecordPlace): string {
  const owner = encodeURIComponent(`${project}.${stack}`);
  return join('nixos-fleet', 'roots', owner, `${encodeURIComponent(machine)}.json`);
}

/**
 * The records of all stacks in a cache, by their files.
 * @throws FleetError cache-failed if one cannot be read: what its machine needs is unknown then
 */
export async function readRecords(folder: string): Promise<Map<string, RootsRecord>> {
  const roots = join(folder, 'nixos-fleet', 'roots');
  const files = (await readdir(roots, { recursive: true }).catch(undefinedIfMissing)) ?? [];
  const records = files
    .filter((file) => file.endsWith('.json'))
    .map(async (file) => {
      const place = join('nixos-fleet', 'roots', file);
      return [place, await readRootsRecord(join(folder, place))] as const;
    });
  return new Map(await Promise.all(records));
}

/**
 * A record; empty if the file does not exist.
 * @throws FleetError cache-failed if it cannot be read
 */
export async function readRootsRecord(file: string): Promise<RootsRecord> {
  const record = await readJson(file, rootsRecord).catch((error: unknown) => {
    if (!hasCode(error, 'file-invalid')) throw error;
    throw new FleetError({
      code: 'cache-failed',
      what: `cannot read ${file}, the record of what a machine needs from the cache`,
      why: 'it was written by a newer version of nixos-fleet, or changed by hand',
      fix: 'Update nixos-fleet, or check the file. Until then nothing is removed from the cache.',
      cause: error,
    });
  });
  return record ?? emptyRecord;
}

/** Writes a record atomically; the file of an empty record is removed. */
export async function writeRootsRecord(file: string, record: RootsRecord): Promise<void> {
  if (record.pushed.length === 0 && record.has.length === 0) return await rm(file, { force: true });
  await writeJson(file, record, { mode: 0o644 });
}

/** All paths of a cache, by name. */
export async function readPaths(folder: string): Promise<Map<string, CachedPath>> {
  const files = ((await readdir(folder).catch(undefinedIfMissing)) ?? []).filter((file) =>
    file.endsWith('.narinfo'),
  );
  const paths = new Map<string, CachedPath>();
  const read = async (file: string) => {
    const place = join(folder, file);
    const [text, { mtimeMs }] = await Promise.all([readFile(place, 'utf8'), stat(place)]);
    const path = parseNarinfo(text, mtimeMs);
    if (path && file === `${path.name.slice(0, 32)}.narinfo`) paths.set(path.name, path);
  };
  await pMap(files, read, { concurrency: 64 });
  return paths;
}

/** Removes paths from a cache: the .narinfo files first, so that none refers to a missing NAR file. */
export async function removePaths(
  folder: string,
  { remove, files }: { remove: readonly CachedPath[]; files: readonly string[] },
): Promise<void> {
  for (const { name } of remove) {
    const hash = name.slice(0, 32);
    await rm(join(folder, `${hash}.narinfo`), { force: true });
    await rm(join(folder, `${hash}.ls`), { force: true });
  }
  const inside = files.filter((file) => /^nar\/[^/]+$/.test(file));
  for (const file of inside) await rm(join(folder, file), { force: true });
}
