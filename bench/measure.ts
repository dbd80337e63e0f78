import { readFileSync } from 'node:fs';

/** Times two functions alternately (A B A B …), as the speed of a shared computer drifts: the ratio of each pair counts. */

export interface Compared {
  a: number;
  b: number;
  /** Median of the pairs' ratios a/b. */
  ratio: number;
}

/**
 * Median seconds of both, and the median ratio. The first run of each is not counted.
 * @param prepare is called before each run, and not counted
 */
export async function compare(
  a: () => Promise<void>,
  b: () => Promise<void>,
  runs: number,
  prepare = async () => {},
): Promise<Compared> {
  const timed = async (work: () => Promise<void>) => {
    await prepare();
    return await seconds(work);
  };
  await timed(a);
  await timed(b);
  const pairs: { a: number; b: number }[] = [];
  for (let run = 0; run < runs; run += 1) pairs.push({ a: await timed(a), b: await timed(b) });
  return {
    a: median(pairs.map((pair) => pair.a)),
    b: median(pairs.map((pair) => pair.b)),
    ratio: median(pairs.map((pair) => pair.a / pair.b)),
  };
}

export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begun = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - begun) / 1e9;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Seconds that this computer's processors have worked since it started, all together. Linux only. */
export function busySeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
  )
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq) / 100;
}
