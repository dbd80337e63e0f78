import { FleetError } from '../../base/errors.ts';
import { nix } from './nix.ts';
import { invalidPaths } from './store.ts';

/** Sees to it that an output of a derivation is in the store: fetched or, at worst, built with all of its derivation's others. */
export async function realiseOutput(
  { drvPath, output, path }: { drvPath: string; output: string; path: string },
  { onLine, signal }: { onLine?: (line: string) => void; signal?: AbortSignal } = {},
): Promise<void> {
  if ((await invalidPaths([path], { signal })).size === 0) return;
  onLine?.(`${path} is not here yet: building it …`);
  const { exitCode, stderr } = await nix(['build', '--no-link', `${drvPath}^${output}`], {
    ...(signal ? { signal } : { timeoutSeconds: 24 * 3600 }),
    onStderrLine: onLine,
  });
  if (exitCode === 0) return;
  throw new FleetError({
    code: 'build-failed',
    what: `cannot build ${path}`,
    why: stderr.trim().split('\n').slice(-5).join('\n'),
    fix: `Build it by hand to see more: nix build -L '${drvPath}^${output}'`,
  });
}
