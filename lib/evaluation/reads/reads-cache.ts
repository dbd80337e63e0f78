import { join } from 'node:path';
import * as z from 'zod';
import { readJson, writeJson } from '../../base/files.ts';
import { sha256 } from '../../base/hash.ts';
import { cacheRoot } from '../../base/home.ts';
import { type Changes, changesOf, type ReadRecord, readRecord, type TreeState } from './validity.ts';

/** Records of each target: a branch and the one before it, a clean tree and one with changes. */
const keptRecords = 6;

/** What a target's facts depend on beside the files of the flake. */
export type ReadsKey = readonly string[];

export interface Found {
  /** All records of the target. */
  records: ReadRecord[];
  /** The record that is valid now. */
  valid?: ReadRecord;
  /** Otherwise that with the fewest changes, and these. */
  nearest?: ReadRecord;
  changes?: Changes;
}

/** Finds what a target read in its evaluations. A damaged file counts as absent. */
export async function findReads(key: ReadsKey, state: TreeState): Promise<Found> {
  const found: Found = { records: await readRecords(key) };
  for (const record of found.records) {
    const changes = changesOf(record, state);
    if (!changes) return { ...found, valid: record };
    if (!found.changes || cost(changes) < cost(found.changes)) {
      found.nearest = record;
      found.changes = changes;
    }
  }
  return found;
}

/** Where names differ, too, the newest record is the nearest: numbers of changed files say little then. */
function cost({ files, attributes, names, whole }: Changes): number {
  return (names ? 10_000 : files.length + attributes.length) + (whole ? 100_000 : 0);
}

/** @param earlier the records that `findReads` found: those of a run at the same time may be lost, which costs an evaluation */
export async function keepReads(
  key: ReadsKey,
  record: ReadRecord,
  earlier: readonly ReadRecord[],
): Promise<void> {
  const others = earlier.filter((other) => other.facts !== record.facts);
  await writeJson(pathOf(key), [record, ...others].slice(0, keptRecords));
}

function readRecords(key: ReadsKey): Promise<ReadRecord[]> {
  return readJson(pathOf(key), z.array(readRecord))
    .catch(() => undefined)
    .then((records) => records ?? []);
}

function pathOf(key: ReadsKey): string {
  return join(cacheRoot(), 'reads', `${sha256(JSON.stringify(key)).slice(0, 40)}.json`);
}

const namesFile = z.array(z.string());

/** Keeps the paths of a tree by their hash, so that a later run can report which were added or removed. */
export async function keepNames(hash: string, paths: Iterable<string>): Promise<void> {
  await writeJson(namesPath(hash), [...paths]);
}

export async function findNames(hash: string): Promise<string[] | undefined> {
  return await readJson(namesPath(hash), namesFile).catch(() => undefined);
}

function namesPath(hash: string): string {
  return join(cacheRoot(), 'reads', `names-${hash.slice(0, 40)}.json`);
}
