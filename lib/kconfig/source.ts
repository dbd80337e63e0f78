import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../process.ts';
import { type KconfigTree, readKconfig } from './definitions.ts';

/**
 * Kconfig's files of a kernel source: a folder, or an archive that tar can read. Undefined where it is neither, or not
 * on this computer: they only explain.
 */
export async function readSource(
  path: string,
  srcArch: string,
  signal?: AbortSignal,
): Promise<KconfigTree | undefined> {
  if (!existsSync(path)) return undefined;
  if (statSync(path).isDirectory()) return readKconfig(reader(path), srcArch);
  const folder = await mkdtemp(join(tmpdir(), 'nixos-fleet-kconfig-'));
  try {
    const only = ['--wildcards', '*Kconfig*'];
    await run('tar', ['-xf', path, '-C', folder, ...only], { timeoutSeconds: 300, signal });
    const [top] = await readdir(folder);
    return top === undefined ? undefined : readKconfig(reader(join(folder, top)), srcArch);
  } catch {
    return undefined;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function reader(folder: string): (path: string) => string | undefined {
  return (path) => {
    try {
      return readFileSync(join(folder, path), 'utf8');
    } catch {
      return undefined;
    }
  };
}
