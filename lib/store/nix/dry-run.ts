import { FleetError } from '../../base/errors.ts';
import { nix, storeName } from './nix.ts';
import { limitArguments } from './path-info.ts';

/** How much a build would do. */
export interface BuildEstimate {
  /** Derivations to build. */
  builds: number;
  /** Paths to fetch from caches, and their compressed size in MiB. */
  paths: number;
  mebibytes: number;
}

interface DryRunOptions {
  signal?: AbortSignal;
  timeoutSeconds?: number;
}

/** What building these derivations would do; undefined if nix failed or took too long (60 s by default). */
export async function estimateBuild(
  drvPaths: readonly string[],
  { signal, timeoutSeconds = 60 }: DryRunOptions = {},
): Promise<BuildEstimate | undefined> {
  if (drvPaths.length === 0) return { builds: 0, paths: 0, mebibytes: 0 };
  const ended = await dryRun(drvPaths, { signal, timeoutSeconds }).catch(() => undefined);
  return ended?.exitCode === 0 ? parseEstimate(ended.stderr) : undefined;
}

/**
 * The derivations that a build of `drvPath` would build, given what is in the store and in the caches.
 * @throws FleetError `build-failed` if nix fails
 */
export async function listBuilds(drvPath: string, signal?: AbortSignal): Promise<string[]> {
  const { exitCode, stderr } = await dryRun([drvPath], { signal, timeoutSeconds: 600 });
  if (exitCode === 0) return [...parsePlan(stderr).builds];
  throw new FleetError({
    code: 'build-failed',
    what: `cannot list what a build of ${storeName(drvPath)} needs`,
    why: stderr.trim().split('\n').slice(-5).join('\n'),
    fix: `See the error: nix build --dry-run '${drvPath}^out'`,
  });
}

/** What a build would build and fetch, by path. */
export interface BuildPlan {
  builds: ReadonlySet<string>;
  fetches: ReadonlySet<string>;
}

/** What a build of these derivations would build and fetch; undefined if nix failed or took too long (60 s). */
export async function planBuild(
  drvPaths: readonly string[],
  signal?: AbortSignal,
): Promise<BuildPlan | undefined> {
  if (drvPaths.length === 0) return { builds: new Set(), fetches: new Set() };
  const ended = await dryRun(drvPaths, { signal, timeoutSeconds: 60 }, limitArguments).catch(() => undefined);
  signal?.throwIfAborted();
  return ended?.exitCode === 0 ? parsePlan(ended.stderr) : undefined;
}

function dryRun(drvPaths: readonly string[], options: DryRunOptions, args: readonly string[] = []) {
  const installables = drvPaths.map((drvPath) => `${drvPath}^out`);
  return nix(['build', '--dry-run', '--no-link', ...args, ...installables], options);
}

/** Parses what `nix build --dry-run` and `nix-store --realise --dry-run` print. */
export function parseEstimate(stderr: string): BuildEstimate {
  const count = (pattern: RegExp) => {
    const match = pattern.exec(stderr);
    return match ? Number(match[1] ?? 1) : 0;
  };
  const [, size = '0', unit = 'KiB'] =
    /paths? will be fetched \(([\d.]+) ([KMGT]iB) download/.exec(stderr) ?? [];
  const factor = { KiB: 1 / 1024, MiB: 1, GiB: 1024, TiB: 1024 * 1024 }[unit] ?? 1;
  return {
    builds: count(/(?:this|these (\d+)) derivations? will be built/),
    paths: count(/(?:this|these (\d+)) paths? will be fetched/),
    mebibytes: Math.round(Number(size) * factor * 10) / 10,
  };
}

/** Parses the lists that `nix build --dry-run` prints. */
export function parsePlan(stderr: string): BuildPlan {
  const [builds, fetches] = [new Set<string>(), new Set<string>()];
  let list: Set<string> | undefined;
  for (const line of stderr.split('\n')) {
    const path = /^ {2}(\/\S+)$/.exec(line)?.[1];
    if (path) list?.add(path);
    else if (/will be built:$/.test(line)) list = builds;
    else list = /will be fetched\b.*:$/.test(line) ? fetches : undefined;
  }
  return { builds, fetches };
}
