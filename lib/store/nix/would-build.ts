import { FleetError } from '../../base/errors.ts';
import { nix, storeName } from './nix.ts';

/**
 * Derivations that a build of `drvPath` would build, after what is there already and what caches have. Builds nothing.
 * Throws `build-failed` where Nix cannot tell.
 */
export async function wouldBuild(drvPath: string, signal?: AbortSignal): Promise<string[]> {
  const { exitCode, stderr } = await nix(['build', '--dry-run', '--no-link', `${drvPath}^out`], {
    timeoutSeconds: 600,
    signal,
  });
  if (exitCode === 0) return parseWouldBuild(stderr);
  throw new FleetError({
    code: 'build-failed',
    what: `cannot tell what a build of ${storeName(drvPath)} would need`,
    why: stderr.trim().split('\n').slice(-5).join('\n'),
    fix: `See for yourself: nix build --dry-run '${drvPath}^out'`,
  });
}

/** The derivations under "will be built" of what `nix build --dry-run` says. Pure. */
export function parseWouldBuild(stderr: string): string[] {
  const paths: string[] = [];
  let listed = false;
  for (const line of stderr.split('\n')) {
    const path = /^ {2}(\/\S+\.drv)$/.exec(line)?.[1];
    if (path && listed) paths.push(path);
    else if (!line.startsWith('  ')) listed = /will be built:$/.test(line);
  }
  return paths;
}
