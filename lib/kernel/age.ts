import type { EvaluatedKernel } from '../../schema/evaluation.ts';

/**
 * Warns about a kernel that is behind the newest patch release of its series in the flake's nixpkgs, or whose series is no longer
 * maintained. Undefined for a kernel that is up to date, or newer than every release that nixpkgs lists.
 */
export function ageWarning({
  version,
  knownReleases,
}: Pick<EvaluatedKernel, 'version' | 'knownReleases'>): string | undefined {
  const own = numbers(version);
  const [major, minor] = own;
  const series = Object.keys(knownReleases).filter((name) => numbers(name).length === 2);
  if (series.length === 0 || major === undefined || minor === undefined) return undefined;
  const newest = knownReleases[`${major}.${minor}`];
  if (newest !== undefined) {
    return compare(own, numbers(newest)) < 0
      ? `the kernel ${version} is outdated: the flake’s nixpkgs has ${newest}.`
      : undefined;
  }
  const maintained = series.sort((a, b) => compare(numbers(a), numbers(b)));
  const latest = maintained.at(-1) ?? '';
  if (compare([major, minor], numbers(latest)) > 0) return undefined;
  return `the kernel ${version} is past its end of life: ${major}.${minor} is no longer maintained. Maintained series: ${maintained.join(', ')}.`;
}

/** 6.18.37-rt5 → [6, 18, 37]; 6.1 → [6, 1]. */
function numbers(version: string): number[] {
  return (/^\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').filter(Boolean).map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
