import { lstat, realpath, unlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../lib/base/hash.ts';
import { parseUrn } from '../../lib/base/urn.ts';

/**
 * Where the link lies that keeps a built path from the operator's garbage collection:
 * `$XDG_STATE_HOME/nixos-fleet/gcroots/<project>-<stack>-<kind>-<name>`.
 */
export function gcRootPath(urn: string, kind: string): string {
  const stateHome = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return join(stateHome, 'nixos-fleet', 'gcroots', gcRootName(urn, kind));
}

/** A file name that belongs to this resource alone. */
export function gcRootName(urn: string, kind: string): string {
  const { project, stack, name } = parseUrn(urn);
  const plain = [project, stack, kind, name].join('-');
  const safe = plain.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 180);
  if (safe === plain) return safe;
  return `${safe}-${sha256(plain).slice(0, 8)}`;
}

/** Whether a root keeps this path, which is then in the store with its closure. */
export async function isKeptBy(root: string, path: string): Promise<boolean> {
  return (await realpath(root).catch(() => undefined)) === path;
}

/** Removes the link, and only if it is one: a state from elsewhere must not cost a file. */
export async function removeGcRoot(path: string): Promise<void> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (stat?.isSymbolicLink()) await unlink(path);
}
