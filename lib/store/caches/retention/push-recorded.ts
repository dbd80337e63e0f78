import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Pushed, type PushRequest, pushClosures } from '../push.ts';
import { folderOf, type RecordPlace, readRootsRecord, recordFile, writeRootsRecord } from './folder.ts';
import { withFolderLock } from './lock.ts';
import { withoutMachine, withPushed } from './record.ts';

/** Whose system a pushed path is. */
export type PushedFor = RecordPlace & { path: string };

/** A collection takes seconds; a push that meets one waits for it. */
const waitSeconds = 600;

/**
 * Pushes like `pushClosures`; to a folder while nobody removes anything from it, and with a record there of what each machine
 * needs.
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

/** Gives up what a folder has of a machine that is none of its stack's any more. */
export async function giveUp(uri: string, place: RecordPlace, signal?: AbortSignal): Promise<void> {
  const folder = folderOf(uri);
  if (folder === undefined || !existsSync(folder)) return;
  await withFolderLock(folder, { mode: 'shared', waitSeconds, signal }, async () => {
    const file = join(folder, recordFile(place));
    await writeRootsRecord(file, withoutMachine(await readRootsRecord(file), new Date()));
  });
}
