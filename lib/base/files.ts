import { randomBytes } from 'node:crypto';
import { access, chmod, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { FleetError } from './errors.ts';

/** For `catch`: undefined if the file does not exist; rethrows any other error. */
export function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

/** Whether a file or folder exists and is accessible. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A file's text; undefined if it does not exist. */
export function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(undefinedIfMissing);
}

/**
 * Content of a JSON file; undefined if it does not exist.
 * @throws FleetError file-invalid if it does not match the schema
 */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new FleetError({
      code: 'file-invalid',
      what: `${path} cannot be read`,
      why: cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message,
      fix: 'The file is damaged or was written by a newer version: update, or restore the file.',
      cause,
    });
  }
}

/**
 * Writes a file atomically: readers see the old content or the new, even with several writers.
 * @param mode permissions of the file and, with the matching execute bits, of missing folders; the umask applies
 */
export async function writeAtomically(path: string, content: string, { mode = 0o600 } = {}): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: mode | ((mode & 0o444) >> 2) });
  await throughDraft(path, (draft) => writeFile(draft, content, { mode }));
}

/** Like `writeAtomically`, for a JSON file that people may read. */
export function writeJson(path: string, value: unknown, options?: { mode?: number }): Promise<void> {
  return writeAtomically(path, `${JSON.stringify(value, undefined, 2)}\n`, options);
}

/** Replaces a user's file atomically and flushes it to disk. Keeps symbolic links and permissions. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  await mkdir(dirname(target), { recursive: true });
  const before = await stat(target).catch(undefinedIfMissing);
  await throughDraft(target, async (draft) => {
    await writeFile(draft, content, { flush: true });
    if (before) await chmod(draft, before.mode & 0o777);
  });
}

async function throughDraft(path: string, write: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await write(draft);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}
