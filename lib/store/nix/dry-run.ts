import { nix } from './nix.ts';

/** What a build would take, by `--dry-run`. */
export interface Work {
  /** Derivations to build here. */
  builds: number;
  /** Paths to fetch from caches, and their size as they travel, in MiB. */
  paths: number;
  mebibytes: number;
}

/** What building these derivations would take; nothing is built or fetched. Undefined where nix could not tell in time. */
export async function workOf(
  drvPaths: readonly string[],
  { signal, timeoutSeconds = 60 }: { signal?: AbortSignal; timeoutSeconds?: number } = {},
): Promise<Work | undefined> {
  if (drvPaths.length === 0) return { builds: 0, paths: 0, mebibytes: 0 };
  const installables = drvPaths.map((drvPath) => `${drvPath}^out`);
  const options = { timeoutSeconds, signal };
  const ended = await nix(['build', '--dry-run', '--no-link', ...installables], options).catch(
    () => undefined,
  );
  return ended?.exitCode === 0 ? parseWork(ended.stderr) : undefined;
}

/** Reads what `--dry-run` says, of `nix build` and of `nix-store --realise` alike. Pure. */
export function parseWork(said: string): Work {
  const count = (pattern: RegExp) => {
    const match = pattern.exec(said);
    return match ? Number(match[1] ?? 1) : 0;
  };
  const [, size = '0', unit = 'KiB'] =
    /paths? will be fetched \(([\d.]+) ([KMGT]iB) download/.exec(said) ?? [];
  const factor = { KiB: 1 / 1024, MiB: 1, GiB: 1024, TiB: 1024 * 1024 }[unit] ?? 1;
  return {
    builds: count(/(?:this|these (\d+)) derivations? will be built/),
    paths: count(/(?:this|these (\d+)) paths? will be fetched/),
    mebibytes: Math.round(Number(size) * factor * 10) / 10,
  };
}
