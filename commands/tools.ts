import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageRoot } from '../lib/base/package-root.ts';
import { runAttached } from '../lib/base/process/run.ts';

const marker = 'NIXOS_FLEET_WITH_TOOLS';

/**
 * Where PATH has no pulumi and the set-up has installed one, runs this program again with it, and returns true once that has
 * ended.
 */
export async function useSetUpTools(): Promise<boolean> {
  if (process.env[marker] || hasPulumi(process.env.PATH ?? '') || !isSetUp()) return false;
  process.env[marker] = '1';
  const setup = join(packageRoot(), 'setup');
  process.exitCode = await runAttached(join(setup, 'with'), [
    join(setup, 'pulumi-env'),
    process.execPath,
    ...process.argv.slice(1),
  ]);
  return true;
}

function hasPulumi(path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, 'pulumi'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function isSetUp(): boolean {
  const environments = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nixos-fleet/v1/env');
  return existsSync(environments) && readdirSync(environments).length > 0;
}
