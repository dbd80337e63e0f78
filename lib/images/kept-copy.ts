import { chmod, mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { FleetError, hasCode } from '../base/errors.ts';
import { readJson, undefinedIfMissing, writeJson } from '../base/files.ts';
import { hashFile } from '../base/hash.ts';
import { run } from '../base/process/run.ts';
import { usersOf } from './file-users.ts';

/** The manifest beside a kept copy. */
const imageManifest = z.object({
  image: z.string(),
  configuration: z.string(),
  attribute: z.string(),
  format: z.string(),
  sha256: z.string(),
  /** Length of the file. */
  bytes: z.number(),
  virtualSizeBytes: z.number().optional(),
  builtAt: z.string(),
  /** Store path that the copy was made from. */
  source: z.string(),
  /** Store path of the system inside. */
  system: z.string(),
  nixosLabel: z.string(),
  kernel: z.string(),
  revision: z.string(),
});
export type ImageManifest = z.infer<typeof imageManifest>;

export type KeptState = 'in-place' | 'missing' | 'changed';

export function manifestPath(target: string): string {
  return `${target}.json`;
}

/** Whether the copy matches its manifest. Its mtime is the build time; only a file with another mtime is hashed. */
export async function keptState(target: string): Promise<KeptState> {
  const file = await stat(target).catch(undefinedIfMissing);
  if (!file) return 'missing';
  const manifest = await readManifest(target);
  if (!manifest || file.size !== manifest.bytes) return 'changed';
  if (file.mtimeMs === Date.parse(manifest.builtAt)) return 'in-place';
  return (await hashFile(target)) === manifest.sha256 ? 'in-place' : 'changed';
}

/**
 * Copies a built image to its target atomically, with a manifest beside it. An existing file is replaced only if it is an
 * unchanged copy that no process has open.
 *
 * @throws FleetError `image-failed`
 */
export async function keepCopy(
  target: string,
  { source, manifest, signal }: { source: string; manifest: ImageManifest; signal: AbortSignal },
): Promise<void> {
  const state = await keptState(target);
  // Also if an earlier run was interrupted between the file and its manifest.
  if (state !== 'missing' && (await hashFile(target, signal)) === manifest.sha256) {
    const time = new Date(manifest.builtAt);
    await utimes(target, time, time);
    await writeManifest(target, manifest);
    return;
  }
  await refuseForeign(target, state, manifest.image);
  const draft = `${target}.new`;
  await mkdir(dirname(target), { recursive: true });
  await rm(draft, { force: true });
  try {
    const options = { timeoutSeconds: 3600, signal };
    await run(
      'cp',
      ['--reflink=auto', '--sparse=always', '--no-preserve=mode,ownership', source, draft],
      options,
    );
    await chmod(draft, 0o444);
    const time = new Date(manifest.builtAt);
    await utimes(draft, time, time);
    await rename(draft, target);
    await writeManifest(target, manifest);
  } catch (cause) {
    await rm(draft, { force: true });
    if (hasCode(cause, 'cancelled')) throw cause;
    throw new FleetError({
      code: 'image-failed',
      what: `the image ${manifest.image} cannot be copied to ${target}`,
      why: cause instanceof FleetError ? (cause.why ?? cause.message) : (cause as Error).message,
      fix: 'Make the folder writable and free some space, then run again.',
      cause,
    });
  }
}

/** Removes the copy and its manifest. A copy that was changed or is in use stays; the result reports which. */
export async function removeCopy(target: string): Promise<'removed' | 'changed' | 'in-use'> {
  const state = await keptState(target);
  if (state === 'changed') return 'changed';
  if ((await usersOf(target)).length > 0) return 'in-use';
  await rm(target, { force: true });
  await rm(manifestPath(target), { force: true });
  return 'removed';
}

async function refuseForeign(target: string, state: KeptState, image: string): Promise<void> {
  const problem = (why: string, fix: string) =>
    new FleetError({
      code: 'image-failed',
      what: `the image ${image} cannot replace ${target}`,
      why,
      fix,
    });
  const [user] = await usersOf(target);
  if (user)
    throw problem(
      `process ${user.pid} (${user.program}) has it open`,
      'Shut down the machine that uses it, or keep the image elsewhere.',
    );
  if (state === 'changed')
    throw problem(
      'the existing file is not an unchanged copy of an image of this stack',
      'Move it away, or keep the image elsewhere.',
    );
}

/** The manifest; undefined if it is missing or damaged. */
function readManifest(target: string): Promise<ImageManifest | undefined> {
  return readJson(manifestPath(target), imageManifest).catch((error: unknown) => {
    if (hasCode(error, 'file-invalid')) return undefined;
    throw error;
  });
}

function writeManifest(target: string, manifest: ImageManifest): Promise<void> {
  return writeJson(manifestPath(target), manifest, { mode: 0o644 });
}
