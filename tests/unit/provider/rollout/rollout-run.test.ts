import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { FleetError } from '../../../../lib/base/errors.ts';
import { RolloutRun } from '../../../../provider/rollout/rollout-run.ts';
import { rolloutInputs } from '../../../../schema/rollout.ts';

const { signal } = new AbortController();
const deployed = { kind: 'deployed', since: '2026-01-01T00:00:00Z' } as const;
const failed = { kind: 'failed', why: 'the switch failed' } as const;

/** A run with one wave, and a way to say that nothing else runs. */
function runWith(settings: object, hosts: string[], others: object = {}) {
  let beQuiet = () => {};
  const quiet = new Promise<void>((resolve) => {
    beQuiet = resolve;
  });
  const run = new RolloutRun(async (aborted) => {
    await Promise.race([quiet, new Promise((resolve) => aborted.addEventListener('abort', resolve))]);
  });
  run.begin(rolloutInputs.parse({ waves: [{ name: 'eu', hosts, ...settings }], ...others }));
  const wave = run.wave('eu');
  assert.ok(wave);
  return { run, wave, beQuiet };
}

/** What has happened of a promise by now: pending, done or the code of its error. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  const ended = promise.then(
    () => 'done',
    (error: FleetError) => error.code,
  );
  await setImmediate();
  return await Promise.race([ended, setImmediate('pending')]);
}

test('as many machines of a wave as may are deployed to at once, in the order in which they came', async () => {
  const { run } = runWith({ atOnce: 2 }, ['a', 'b', 'c', 'd']);
  const leaveA = await run.enter('a', signal);
  const leaveB = await run.enter('b', signal);
  const c = run.enter('c', signal);
  const d = run.enter('d', signal);
  assert.equal(await stateOf(c), 'pending');
  leaveB();
  leaveB();
  assert.equal(await stateOf(c), 'done');
  assert.equal(await stateOf(d), 'pending', 'a place that is given back twice is one place');
  leaveA();
  assert.equal(await stateOf(d), 'done');
});

test('a machine that waits for its turn can be cancelled, and then takes no place', async () => {
  const { run } = runWith({ atOnce: 1 }, ['a', 'b', 'c']);
  const leave = await run.enter('a', signal);
  const cancel = new AbortController();
  const b = stateOf(run.enter('b', cancel.signal));
  const c = run.enter('c', signal);
  cancel.abort();
  assert.equal(await b, 'cancelled');
  leave();
  assert.equal(await stateOf(c), 'done');
});

test('with more failures than may, the rest of the wave is not begun', async () => {
  const { run, wave } = runWith({ atOnce: 1, failuresAllowed: 1 }, ['a', 'b', 'c']);
  run.ended('a', failed);
  (await run.enter('b', signal))();
  run.ended('b', failed);
  await assert.rejects(run.enter('c', signal), (error: FleetError) => {
    assert.equal(error.code, 'wave-stopped');
    assert.match(error.message, /c: not begun.*eu.*\n.*a, b failed; 1 may/);
    return true;
  });
  assert.equal((await run.settled(wave, signal)).c?.kind, 'not-begun');
});

test('a machine of no wave, and each without a rollout, waits for nobody', async () => {
  const { run } = runWith({ atOnce: 1 }, ['a']);
  await run.enter('a', signal);
  await run.enter('other', signal);
  const none = new RolloutRun(async () => {});
  await none.enter('a', signal);
  assert.deepEqual(await none.agree('a', async () => ['no'], signal), []);
});

test('a wave is settled when each of its machines is deployed, failed or unchanged', async () => {
  const { run, wave } = runWith({ failuresAllowed: 1 }, ['a', 'b']);
  run.ended('a', failed);
  const settled = run.settled(wave, signal);
  assert.equal(await stateOf(settled), 'pending');
  run.ended('b', deployed);
  assert.deepEqual(await settled, { a: failed, b: deployed });
});

test('a machine that nothing is left to begin for was not begun', async () => {
  const { run, wave, beQuiet } = runWith({ failuresAllowed: 1 }, ['a', 'b']);
  run.ended('a', deployed);
  const settled = run.settled(wave, signal);
  beQuiet();
  assert.deepEqual(await settled, { a: deployed, b: { kind: 'not-begun' } });
});

test('a machine that fails after its deployment has failed, and stays so', async () => {
  const { run, wave } = runWith({}, ['a']);
  run.ended('a', deployed);
  run.ended('a', failed);
  run.ended('a', deployed);
  assert.deepEqual(run.outcomes(wave.hosts), { a: failed });
});

test('machines that are no part of the run are no part of their wave', async () => {
  const { run, wave } = runWith({ failuresAllowed: 1 }, ['a', 'b'], { skipped: ['b'] });
  run.ended('a', deployed);
  assert.deepEqual(await run.settled(wave, signal), { a: deployed });
  assert.equal(run.waveOf('b'), undefined);
});

test('a machine that could not be evaluated has failed: what waits for its wave does not go on', async () => {
  const { run, wave } = runWith({}, ['a', 'b'], { unevaluated: ['a'] });
  assert.equal(run.outcomes(wave.hosts).a?.kind, 'failed');
  assert.equal(await stateOf(run.enter('b', signal)), 'wave-stopped');
});

test('machines that are switched together are confirmed when all are active and the gates hold', async () => {
  const { run } = runWith({ together: true }, ['a', 'b', 'c']);
  let checks = 0;
  const gates = async () => {
    checks += 1;
    return [];
  };
  run.ended('c', deployed);
  const a = run.agree('a', gates, signal);
  assert.equal(await stateOf(a), 'pending');
  const b = run.agree('b', gates, signal);
  assert.deepEqual(await Promise.all([a, b]), [[], []]);
  assert.equal(checks, 1, 'once for all machines');
});

test('where one of them fails, the others learn which', async () => {
  const { run } = runWith({ together: true }, ['a', 'b', 'c']);
  const a = run.agree('a', async () => [], signal);
  const b = run.agree('b', async () => [], signal);
  run.ended('c', failed);
  assert.deepEqual(await a, ['c of the same wave failed']);
  assert.deepEqual(await b, ['c of the same wave failed']);
});

test('where a gate does not hold, all of them roll back for its reason', async () => {
  const { run } = runWith({ together: true }, ['a', 'b']);
  const gates = async () => ['gate shop did not pass within 5 s: no answer in time'];
  const both = await Promise.all([run.agree('a', gates, signal), run.agree('b', gates, signal)]);
  assert.deepEqual(both[0], both[1]);
  assert.match(String(both[0]), /gate shop/);
});

test('where one of them is never begun, the others do not wait for ever', async () => {
  const { run, beQuiet } = runWith({ together: true }, ['a', 'b']);
  const a = run.agree('a', async () => [], signal);
  beQuiet();
  assert.match(String(await a), /^b of the same wave did not begin.*--parallel/);
});

test('a cancel ends each wait', async () => {
  const { run, wave } = runWith({ together: true }, ['a', 'b']);
  const cancel = new AbortController();
  const waits = [run.agree('a', async () => [], cancel.signal), run.settled(wave, cancel.signal)].map(
    stateOf,
  );
  cancel.abort();
  assert.deepEqual(await Promise.all(waits), ['cancelled', 'cancelled']);
});

test('rollouts of two fleets do not get in each other’s way', async () => {
  const { run } = runWith({ atOnce: 1 }, ['a', 'b']);
  run.begin(
    rolloutInputs.parse({
      stage: 'all',
      waves: [
        { name: 'us', hosts: ['c'] },
        { name: 'last', hosts: ['d'] },
      ],
    }),
  );
  assert.equal(run.waveOf('a')?.name, 'eu');
  assert.deepEqual(run.after('eu'), []);
  assert.deepEqual(
    run.after('us').map(({ name }) => name),
    ['last'],
  );
  assert.equal(run.waitingFor('d').length, 2);
  assert.equal(run.waitingFor('a').length, 0);
});
