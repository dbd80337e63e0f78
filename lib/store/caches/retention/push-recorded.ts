import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Pushed, type PushRequest, pushClosures } from '../push.ts';
import { folderOf, type RecordPlace, readRootsRecord, recordFile, writeRootsRecord } from './folder.ts';
import { withFolderLock } from './lock.ts';
import { withoutMachine, withPushed } from './record.ts';

/** A pushed system and its machine. */
export type PushedFor = RecordPlace & { path: string };

/** Longest time that a push waits for a collection, which takes seconds. */
const waitSeconds = 600;

/**
 * Pushes like `pushClosures`. In a cache that is a folder it also records what each machine needs, and holds the cache's shared
 * lock, so that nothing is removed meanwhile.
 * @throws FleetError as `pushClosures`
 */
export async function pushRecorded(
  request: PushRequest,
  pushedFor: readonly PushedFor[],
): Promise<Map<string, Pushed>> {
  const folder = folderOf(request.store.uri);
  if (folder === undefined) return await pushClosures(request);
  return await withFolderLock(folder, { mode: 'shared', waitSeconds, signal: request.signal }, async () => {
    const pushed = await pushClosures(request);
    for (const { path, ...place } of pushedFor) {
      const file = join(folder, recordFile(place));
      await writeRootsRecord(file, withPushed(await readRootsRecord(file), path, new Date()));
    }
    return pushed;
  });
}

/** Gives up all systems of a machine that no longer belongs to the stack; does nothing for a cache that is not a folder. */
export async function giveUpMachine(uri: string, place: RecordPlace, signal?: AbortSignal): Promise<void> {
  const folder = folderOf(uri);
  if (folder === undefined || !existsSync(folder)) return;
  await withFolderLock(folder, { mode: 'shared', waitSeconds, signal }, async () => {
    const file = join(folder, recordFile(place));
    await writeRootsRecord(file, withoutMachine(await readRootsRecord(file), new Date()));
  });
}
