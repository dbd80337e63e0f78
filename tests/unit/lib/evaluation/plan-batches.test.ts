import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planBatches } from '../../../../lib/evaluation/plan-batches.ts';
import { usableResources } from '../../../../lib/evaluation/resources.ts';

const hosts = (count: number) => Array.from({ length: count }, (_, index) => `host${index}`);

test('hosts are spread over the cores where memory allows', () => {
  const plan = planBatches(hosts(4), { memoryMiB: 8000, workers: 2 });
  assert.deepEqual(plan.batches, [
    ['host0', 'host2'],
    ['host1', 'host3'],
  ]);
  assert.equal(plan.workers, 2);
});

test('the evaluators that run together fit the memory, for any size of fleet', () => {
  for (const count of [1, 2, 3, 30, 100, 301]) {
    for (const memoryMiB of [700, 1500, 4000, 64_000]) {
      for (const workers of [1, 2, 16]) {
        const plan = planBatches(hosts(count), { memoryMiB, workers });
        assert.deepEqual(plan.batches.flat().sort(), hosts(count).sort());
        assert.ok(
          plan.batchMiB * plan.workers <= memoryMiB,
          JSON.stringify({ count, memoryMiB, workers, plan }),
        );
        assert.ok(plan.batches.every((batch) => batch.length > 0));
      }
    }
  }
});

test('with too little memory one host at a time is evaluated', () => {
  const plan = planBatches(hosts(3), { memoryMiB: 100, workers: 4 });
  assert.equal(plan.workers, 1);
  assert.deepEqual(
    plan.batches.map((batch) => batch.length),
    [1, 1, 1],
  );
});

test('resources are limited to what the computer has', () => {
  const usable = usableResources({ memoryMiB: 1e9, workers: 1e6 });
  assert.ok(usable.memoryMiB < 1e8);
  assert.ok(usable.workers < 1e5);
  assert.deepEqual(usableResources({ memoryMiB: 10, workers: 1 }), { memoryMiB: 10, workers: 1 });
});
