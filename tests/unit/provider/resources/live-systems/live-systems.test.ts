import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from '../../../../../provider/resource.ts';
import { liveSystems } from '../../../../../provider/resources/live-systems/live-systems.ts';

// A stack whose machines were all yet to be made has recorded nothing; the engine then reads by the id alone.
test('a refresh after a first up that reached no machine finds nothing recorded', async () => {
  const found = await liveSystems.read('live-systems', undefined, {} as Context);
  assert.deepEqual(found, { id: 'live-systems', inputs: {}, state: {} });
});
