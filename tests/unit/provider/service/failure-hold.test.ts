import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureHold } from '../../../../provider/service/failure-hold.ts';
import { FakeClock, settled } from '../../fake-clock.ts';

function setUp() {
  const clock = new FakeClock();
  const hold = new FailureHold(1000, clock);
  const released: string[] = [];
  const fail = (name: string, end: () => void) => {
    end();
    void hold.hold().then(() => released.push(name));
  };
  return { clock, hold, released, fail };
}

test('a failure waits for the operations that run', async () => {
  const { clock, hold, released, fail } = setUp();
  const web = hold.begin();
  const db = hold.begin();
  fail('web', web);
  await clock.pass(60_000);
  assert.deepEqual(released, []);
  db();
  await clock.pass(999);
  assert.deepEqual(released, []);
  await clock.pass(1);
  assert.deepEqual(released, ['web']);
});

test('an operation that begins within the grace time is waited for too', async () => {
  const { clock, hold, released, fail } = setUp();
  const build = hold.begin();
  fail('web', hold.begin());
  build();
  await clock.pass(900);
  const deployment = hold.begin();
  await clock.pass(60_000);
  assert.deepEqual(released, []);
  deployment();
  await clock.pass(1000);
  assert.deepEqual(released, ['web']);
});

test('any call of the engine restarts the grace time', async () => {
  const { clock, hold, released, fail } = setUp();
  fail('web', hold.begin());
  await clock.pass(900);
  hold.seen();
  await clock.pass(900);
  assert.deepEqual(released, []);
  await clock.pass(100);
  assert.deepEqual(released, ['web']);
});

test('held failures never wait for each other', async () => {
  const { clock, hold, released, fail } = setUp();
  const operations = Array.from({ length: 8 }, () => hold.begin());
  for (const [index, end] of operations.entries()) fail(`host-${index}`, end);
  assert.equal(hold.running, 0);
  await clock.pass(1000);
  assert.equal(released.length, 8);
  assert.equal(clock.pending, 0);
});

test('a single failure is reported after the grace time', async () => {
  const { clock, hold, released, fail } = setUp();
  await clock.pass(5000);
  fail('web', hold.begin());
  await clock.pass(1000);
  assert.deepEqual(released, ['web']);
});

test('a cancel lets all held failures out, and later ones at once', async () => {
  const { clock, hold, released, fail } = setUp();
  const db = hold.begin();
  fail('web', hold.begin());
  await clock.pass(10);
  hold.open();
  await settled();
  assert.deepEqual(released, ['web']);
  fail('db', db);
  await settled();
  assert.deepEqual(released, ['web', 'db']);
});

test('ending twice counts once', () => {
  const { hold } = setUp();
  const first = hold.begin();
  hold.begin();
  first();
  first();
  assert.equal(hold.running, 1);
});

test('a deployment that is to come is waited for longer, unless its machine failed (fault 57)', async () => {
  const { clock, hold, released, fail } = setUp();
  hold.expect('web-deployment', 'web');
  hold.expect('db-deployment', 'db');
  fail('web', hold.begin('web-system'));
  hold.forget('web');
  await clock.pass(20_000);
  assert.deepEqual(released, []);
  const db = hold.begin('db-deployment');
  await clock.pass(60_000);
  assert.deepEqual(released, []);
  db();
  await clock.pass(1000);
  assert.deepEqual(released, ['web']);
});

test('a deployment that never comes does not hold a failure back for ever', async () => {
  const { clock, hold, released, fail } = setUp();
  hold.expect('db-deployment', 'db');
  fail('web', hold.begin());
  await clock.pass(30_000);
  assert.deepEqual(released, ['web']);
});

test('an operation that waits for others is called when all that run wait, and failures come after it', async () => {
  const { clock, hold, released, fail } = setUp();
  const { signal } = new AbortController();
  const gate = hold.begin();
  const web = hold.begin();
  void hold.quiet(signal).then(() => released.push('quiet'));
  await clock.pass(60_000);
  assert.deepEqual(released, []);
  fail('web', web);
  await clock.pass(29_999);
  assert.deepEqual(released, []);
  await clock.pass(1);
  assert.deepEqual(released, ['quiet']);
  await clock.pass(60_000);
  assert.deepEqual(released, ['quiet'], 'the gate still runs');
  gate();
  await clock.pass(1000);
  assert.deepEqual(released, ['quiet', 'web']);
});

test('an aborted wait counts as running again', async () => {
  const { clock, hold, released } = setUp();
  const stop = new AbortController();
  hold.begin();
  hold.begin();
  const { signal } = new AbortController();
  void hold.quiet(signal).then(() => released.push('first'));
  void hold.quiet(stop.signal).then(() => released.push('second'));
  stop.abort();
  await clock.pass(60_000);
  assert.deepEqual(released, ['second']);
});
