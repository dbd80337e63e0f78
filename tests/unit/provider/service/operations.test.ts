import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureHold } from '../../../../provider/service/failure-hold.ts';
import { Operations } from '../../../../provider/service/operations.ts';
import { FakeClock, settled } from '../../fake-clock.ts';

function setUp() {
  const clock = new FakeClock();
  return { clock, operations: new Operations(new FailureHold(1000, clock)) };
}

/** A piece of work that ends when told to. */
function work() {
  const ends = Promise.withResolvers<string>();
  return { ...ends, run: () => ends.promise };
}

/** How a promise stands now. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  const pending = settled().then(() => 'pending');
  return Promise.race([
    promise.then(
      () => 'done',
      (error: Error) => error.message,
    ),
    pending,
  ]);
}

test('a failure is logged early and answered late; a success is answered at once', async () => {
  const { clock, operations } = setUp();
  const [web, db, mail] = [work(), work(), work()];
  const early: string[] = [];
  const onHeld = (error: unknown) => early.push((error as Error).message);
  const failing = operations.change(web.run, onHeld);
  const quick = operations.change(db.run, onHeld);
  const slow = operations.change(mail.run, onHeld);
  web.reject(new Error('web broke'));
  db.resolve('fine');
  assert.equal(await quick, 'fine');
  assert.equal(await stateOf(failing), 'pending');
  assert.deepEqual(early, ['web broke']);
  mail.resolve('fine');
  await slow;
  const outcome = stateOf(failing);
  await clock.pass(1000);
  assert.notEqual(await outcome, 'done');
  await assert.rejects(failing, /web broke/);
});

test('a failure alone is not announced twice', async () => {
  const { clock, operations } = setUp();
  const early: unknown[] = [];
  const failing = operations.change(
    () => Promise.reject(new Error('broke')),
    (error) => early.push(error),
  );
  const told = assert.rejects(failing, /broke/);
  await settled();
  await clock.pass(1000);
  await told;
  assert.deepEqual(early, []);
});

test('with onFailure: stop, a failure is answered at once', async () => {
  const { operations } = setUp();
  operations.holdFailures = false;
  void operations.change(work().run, () => {});
  await assert.rejects(
    operations.change(
      () => Promise.reject(new Error('broke')),
      () => {},
    ),
    /broke/,
  );
});

test('a cancel aborts what runs and lets failures out', async () => {
  const { operations } = setUp();
  void operations.change(work().run, () => {}).catch(() => {});
  const held = operations.change(
    () => Promise.reject(new Error('broke')),
    () => {},
  );
  const aborted = operations.run(
    (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
  );
  operations.cancel();
  await assert.rejects(held, /broke/);
  await assert.rejects(aborted, /aborted/);
  await operations.run(async (signal) => assert.equal(signal.aborted, true));
  const late = operations.change(
    () => assert.fail('nothing is begun after a cancel'),
    () => {},
  );
  await assert.rejects(late, { code: 'cancelled' });
});

test('idle resolves when all has ended, and after its limit otherwise', async () => {
  const { operations } = setUp();
  const one = work();
  const running = operations.run(one.run);
  let idle = false;
  const waiting = operations.idle(60_000).then(() => {
    idle = true;
  });
  await settled();
  assert.equal(idle, false);
  one.resolve('done');
  await running;
  await waiting;
  void operations.run(work().run);
  await operations.idle(1);
});
