import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../base/process/run.ts';
import { withTemporaryFolder } from '../../base/temporary-folder.ts';

/**
 * Calls `use` with the folder of a kernel source; an archive that tar can read is unpacked for it. Undefined if the path is
 * neither, or does not exist.
 * @param patterns names of the files to unpack, with wildcards
 */
export async function withSource<Result>(
  path: string,
  patterns: readonly string[],
  use: (folder: string) => Result,
  signal?: AbortSignal,
): Promise<Result | undefined> {
  if (!existsSync(path)) return undefined;
  if (statSync(path).isDirectory()) return use(path);
  return await withTemporaryFolder(async (folder) => {
    const only = patterns.map((pattern) => `*/${pattern}`);
    const args = ['-xf', path, '-C', folder, '--wildcards', ...only];
    await run('tar', args, { timeoutSeconds: 300, signal }).catch(() => undefined);
    const [top] = await readdir(folder);
    return top === undefined ? undefined : use(join(folder, top));
  });
}

/** Undefined if the file cannot be read. */
export function readFileIn(folder: string, path: string): string | undefined {
  try {
    return readFileSync(join(folder, path), 'utf8');
  } catch {
    return undefined;
  }
}
