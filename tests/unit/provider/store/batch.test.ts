import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batcher } from '../../../../provider/store/batch.ts';
import { FakeClock, settled } from '../../fake-clock.ts';

const forever = new AbortController().signal;

test('requests within the moment are one batch, answered in order', async () => {
  const clock = new FakeClock();
  const runs: string[][] = [];
  const batcher = new Batcher<string, string>(
    async (items) => {
      runs.push(items.map((item) => item.request));
      return items.map((item) => item.request.toUpperCase());
    },
    100,
    clock,
  );
  const first = batcher.add('a', forever);
  await clock.pass(60);
  const second = batcher.add('b', forever);
  await clock.pass(39);
  assert.deepEqual(runs, []);
  await clock.pass(1);
  assert.deepEqual(await Promise.all([first, second]), ['A', 'B']);
  const third = batcher.add('c', forever);
  await clock.pass(100);
  assert.equal(await third, 'C');
  assert.deepEqual(runs, [['a', 'b'], ['c']]);
});

test('a batch that is being run holds no later one back', async () => {
  const clock = new FakeClock();
  const gates: (() => void)[] = [];
  const batcher = new Batcher<number, number>(
    async (items) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return items.map((item) => item.request);
    },
    100,
    clock,
  );
  const slow = batcher.add(1, forever);
  await clock.pass(100);
  const quick = batcher.add(2, forever);
  await clock.pass(100);
  gates[1]?.();
  assert.equal(await quick, 2);
  gates[0]?.();
  assert.equal(await slow, 1);
});

test('an error of the run is the error of each', async () => {
  const clock = new FakeClock();
  const batcher = new Batcher<number, number>(() => Promise.reject(new Error('no nix')), 100, clock);
  const results = Promise.allSettled([batcher.add(1, forever), batcher.add(2, forever)]);
  await clock.pass(100);
  assert.deepEqual(
    (await results).map((result) => result.status),
    ['rejected', 'rejected'],
  );
});

test('the run is aborted once no request waits any more, not before', async () => {
  const clock = new FakeClock();
  let seen: AbortSignal | undefined;
  const batcher = new Batcher<number, number>(
    async (items, signal) => {
      seen = signal;
      return items.map((item) => item.request);
    },
    100,
    clock,
  );
  const one = new AbortController();
  const two = new AbortController();
  void batcher.add(1, one.signal);
  void batcher.add(2, two.signal);
  await clock.pass(100);
  one.abort();
  assert.equal(seen?.aborted, false);
  two.abort();
  assert.equal(seen?.aborted, true);
});

test('too few answers are an error, not a hang', async () => {
  const clock = new FakeClock();
  const batcher = new Batcher<number, number>(async () => [1], 100, clock);
  const results = Promise.allSettled([batcher.add(1, forever), batcher.add(2, forever)]);
  await clock.pass(100);
  await settled();
  assert.deepEqual(
    (await results).map((result) => result.status),
    ['fulfilled', 'rejected'],
  );
});
