import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilStarted } from '../../../../lib/base/background.ts';

test('a process that announces itself between the two checks does not count as ended', async () => {
  let there = false;
  const announced = async () => {
    const before = there;
    there = true; // Right after this look.
    return before;
  };
  let looks = 0;
  assert.equal(await untilStarted({ announced, running: async () => (++looks > 1 ? 7 : undefined) }, 5), 7);
  const gone = { announced: async () => true, running: async () => undefined };
  assert.equal(await untilStarted(gone, 5), 'ended');
  const silent = { announced: async () => false, running: async () => undefined };
  assert.equal(await untilStarted(silent, 0), undefined);
});
