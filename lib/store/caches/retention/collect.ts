import { basename, join } from 'node:path';
import type { Keep } from '../../../../schema/cache-retention.ts';
import { type Collection, planCollection } from './collection.ts';
import {
  type RecordPlace,
  readPaths,
  readRecords,
  recordFile,
  removePaths,
  writeRootsRecord,
} from './folder.ts';
import { withFolderLock } from './lock.ts';
import type { CachedPath } from './narinfo.ts';
import { emptyRecord, markGivenUp, type RootsRecord, rootsOf, withoutSystems, withPushed } from './record.ts';

/** What is known about one machine. */
export interface KeptMachine {
  /** Systems that it is known to have. */
  systems: readonly string[];
  /** All of its live, booted and recorded systems; undefined if they could not be read: then those of its record count. */
  has?: readonly string[];
  /** System that is about to be pushed for it. */
  pushes?: string;
}

export interface CollectRequest extends Omit<RecordPlace, 'machine'> {
  /** The cache's folder. */
  folder: string;
  keep: Keep;
  /** The stack's machines, by name. Records of other machines do not change. */
  machines: Readonly<Record<string, KeptMachine>>;
  now: Date;
}

export interface Collected extends Pick<Collection, 'keptPaths' | 'keptBytes' | 'freedBytes'> {
  /** Number of this stack's systems that stay. */
  systems: number;
  freedPaths: number;
  freedSystems: number;
  /** When more can be removed; undefined if nothing is given up. */
  due: Date | undefined;
}

/** Longest time that a collection waits for running pushes, in seconds. */
const lockSeconds = 30;

/**
 * Records which systems the machines need, and removes paths that were given up longer than the grace period ago. Holds the
 * cache's exclusive lock, so that nothing is pushed meanwhile.
 * @throws FleetError cache-failed, tool-missing, cancelled
 */
export async function collect(request: CollectRequest, signal?: AbortSignal): Promise<Collected> {
  const { folder } = request;
  const lock = { mode: 'exclusive', waitSeconds: lockSeconds, signal } as const;
  return await withFolderLock(folder, lock, async () => {
    const before = await readRecords(folder);
    const records = updateRecords(before, request);
    // Written before anything is removed, so that no other stack removes what this one needs.
    await writeChanged(folder, before, records);
    const { plan, removed, collected } = planFor(records, await readPaths(folder), request);
    await removePaths(folder, plan);
    await writeChanged(folder, records, without(records, removed));
    return collected;
  });
}

/** What `collect` would do now. Changes nothing. */
export async function previewCollection(request: CollectRequest): Promise<Collected> {
  const records = updateRecords(await readRecords(request.folder), request);
  return planFor(records, await readPaths(request.folder), request).collected;
}

type Records = ReadonlyMap<string, RootsRecord>;

/** The records, updated with what is known about the stack's machines. */
export function updateRecords(
  records: Records,
  { project, stack, machines, keep, now }: Omit<CollectRequest, 'folder'>,
): Map<string, RootsRecord> {
  const all = new Map(records);
  const own = Object.entries(machines).map(([machine, { systems, has, pushes }]) => {
    const file = recordFile({ project, stack, machine });
    const record = all.get(file) ?? emptyRecord;
    const pushed = pushes === undefined ? record : withPushed(record, pushes, now);
    all.set(file, { ...pushed, has: [...new Set([...(has ?? record.has), ...systems])].sort() });
    return file;
  });
  const inUse = new Set([...all.values()].flatMap(({ has }) => has));
  for (const file of own) all.set(file, markGivenUp(all.get(file) ?? emptyRecord, keep, inUse, now));
  return all;
}

function planFor(
  records: Records,
  paths: ReadonlyMap<string, CachedPath>,
  { project, stack, machines, keep, now }: CollectRequest,
): { plan: Collection; removed: Set<string>; collected: Collected } {
  const { needed, givenUp, next } = rootsOf(records.values(), keep.graceHours, now);
  const grace = keep.graceHours * 3_600_000;
  const plan = planCollection({
    paths,
    needed: [...needed].map((path) => basename(path)),
    givenUp: [...givenUp].map((path) => basename(path)),
    everything: !keep.others,
    since: now.getTime() - grace,
  });
  const held = new Set(plan.held);
  const removed = new Set([...givenUp].filter((system) => !held.has(basename(system))));
  const remaining = without(records, removed);
  const own = Object.keys(machines).map((machine) => remaining.get(recordFile({ project, stack, machine })));
  const systems = own.flatMap((record) => [
    ...(record?.has ?? []),
    ...(record?.pushed ?? []).map((each) => each.system),
  ]);
  const { keptPaths, keptBytes, freedBytes, remove } = plan;
  const heldUntil = held.size > 0 ? new Date(now.getTime() + grace) : undefined;
  return {
    plan,
    removed,
    collected: {
      systems: new Set(systems).size,
      keptPaths,
      keptBytes,
      freedBytes,
      freedPaths: remove.length,
      freedSystems: removed.size,
      due: next && heldUntil ? new Date(Math.min(next.getTime(), heldUntil.getTime())) : (next ?? heldUntil),
    },
  };
}

function without(records: Records, removed: ReadonlySet<string>): Map<string, RootsRecord> {
  return new Map([...records].map(([file, record]) => [file, withoutSystems(record, removed)]));
}

async function writeChanged(folder: string, before: Records, after: Records): Promise<void> {
  for (const [file, record] of after) {
    if (JSON.stringify(before.get(file)) !== JSON.stringify(record))
      await writeRootsRecord(join(folder, file), record);
  }
}
