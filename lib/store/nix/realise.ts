import { FleetError } from '../../base/errors.ts';
import { nix } from './nix.ts';
import { invalidPaths } from './store.ts';

/**
 * Fetches or builds an output of a derivation if it is not in the store.
 * @param onLine progress, and the lines that nix prints
 * @throws FleetError `build-failed`
 */
export async function realiseOutput(
  { drvPath, output, path }: { drvPath: string; output: string; path: string },
  { onLine, signal }: { onLine?: (line: string) => void; signal?: AbortSignal } = {},
): Promise<void> {
  if ((await invalidPaths([path], { signal })).size === 0) return;
  onLine?.(`${path} is not in the store: fetching or building it …`);
  const { exitCode, stderr } = await nix(['build', '--no-link', `${drvPath}^${output}`], {
    ...(signal ? { signal } : { timeoutSeconds: 24 * 3600 }),
    onStderrLine: onLine,
  });
  if (exitCode === 0) return;
  throw new FleetError({
    code: 'build-failed',
    what: `cannot build ${path}`,
    why: stderr.trim().split('\n').slice(-5).join('\n'),
    fix: `See the whole build: nix build -L --no-link '${drvPath}^${output}'`,
  });
}
