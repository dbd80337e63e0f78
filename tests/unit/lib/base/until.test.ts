import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../../lib/base/until.ts';
import { FakeClock, settled } from '../../fake-clock.ts';

test('waiting ends with the first value, on timeout or on cancel', async () => {
  let looks = 0;
  assert.equal(await until(async () => ++looks === 3 && 'there', { limitSeconds: 5 }), 'there');
  assert.equal(looks, 3);
  assert.equal(await until(() => undefined, { limitSeconds: 0 }), undefined);
  await assert.rejects(
    until(() => false, { limitSeconds: 60, signal: AbortSignal.abort() }),
    { code: 'cancelled' },
  );
});

test('a cancel ends the pause between two checks', async () => {
  const interrupt = new AbortController();
  const look = () => {
    setImmediate(() => interrupt.abort());
    return false;
  };
  const waiting = { limitSeconds: 600, intervalSeconds: 300, signal: interrupt.signal };
  await assert.rejects(until(look, waiting), { code: 'cancelled' });
});

test('each check gets the seconds left, and none starts after the timeout', async () => {
  const clock = new FakeClock();
  const left: number[] = [];
  const waiting = until((seconds) => void left.push(seconds), { limitSeconds: 5, intervalSeconds: 2, clock });
  await settled();
  await clock.pass(60_000);
  assert.equal(await waiting, undefined);
  assert.deepEqual(left, [5, 3, 1]);
  assert.equal(clock.pending, 0);
});

test('a check that throws ends the wait', async () => {
  const broken = async () => {
    throw new Error('broken');
  };
  await assert.rejects(until(broken, { limitSeconds: 60 }), /broken/);
});
