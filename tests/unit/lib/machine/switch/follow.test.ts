/** A model machine whose connections fail at every step: what the operator hears is what became of the machine. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

const rounds = Number(process.env.FOLLOW_ROUNDS ?? 10_000);
const first = Number(process.env.FOLLOW_SEED ?? 1);

async function play(from: number, count: number): Promise<[string, number][]> {
  const workerData = { first: from, rounds: count };
  const worker = new Worker(new URL('./random-switches.ts', import.meta.url), { workerData });
  const [met] = (await once(worker, 'message')) as [Map<string, number>];
  return [...met];
}

test(`${rounds} random switches: never a wrong success, rollback or end (faults 18, 48, 50, 51, 60)`, async (context) => {
  const half = Math.ceil(rounds / 2);
  const ends = await Promise.all([play(first, half), play(first + half, rounds - half)]);
  const met = new Map<string, number>();
  for (const [code, count] of ends.flat()) met.set(code, (met.get(code) ?? 0) + count);
  const counts = [...met].sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`);
  context.diagnostic(`seeds ${first} to ${first + rounds - 1}: ${counts.join(', ')}`);
  if (rounds >= 10_000) assert.ok(met.size >= 8, 'every kind of end is met');
});
