import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../../lib/base/until.ts';

test('waiting ends with the first value, at the limit, or when cancelled', async () => {
  let looks = 0;
  assert.equal(await until(async () => ++looks === 3 && 'there', { limitSeconds: 5 }), 'there');
  assert.equal(looks, 3);
  assert.equal(await until(() => undefined, { limitSeconds: 0 }), undefined);
  await assert.rejects(
    until(() => false, { limitSeconds: 60, signal: AbortSignal.abort() }),
    { code: 'cancelled' },
  );
});

test('a cancel ends the pause between two looks', async () => {
  const interrupt = new AbortController();
  const look = () => {
    setImmediate(() => interrupt.abort());
    return false;
  };
  const waiting = { limitSeconds: 600, intervalSeconds: 300, signal: interrupt.signal };
  await assert.rejects(until(look, waiting), { code: 'cancelled' });
});

test('each look gets the seconds that are left, and none begins after the limit', async () => {
  const left: number[] = [];
  await until((seconds) => void left.push(seconds), { limitSeconds: 0.05, intervalSeconds: 0.02 });
  assert.ok(left.length >= 2);
  assert.ok((left[0] ?? 0) > (left[1] ?? 0));
  assert.ok(left.every((seconds) => seconds > 0));
});

test('a look that fails ends the wait', async () => {
  const broken = async () => {
    throw new Error('broken');
  };
  await assert.rejects(until(broken, { limitSeconds: 60 }), /broken/);
});
