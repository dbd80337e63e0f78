import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeWave } from '../../../../../provider/resources/wave/describe.ts';
import { plannedWave } from '../../../../../schema/rollout.ts';

test('a wave of the plan is one line, with what differs from the defaults', () => {
  const hosts = ['a', 'b', 'c'];
  const wave = (settings: object) => plannedWave.parse({ name: 'eu', hosts, ...settings });
  assert.equal(describeWave(wave({}), ['a']), 'wave eu: a (1 of 3 machines)');
  assert.equal(describeWave(wave({}), []), 'wave eu: no machine changes');
  assert.equal(
    describeWave(
      wave({
        ...{ atOnce: 2, failuresAllowed: 1, soakMinutes: 10 },
        gates: { shop: { check: { command: 'true' } } },
      }),
      hosts,
    ),
    'wave eu: a, b, c (3 of 3 machines); 2 at once; 1 may fail; soak 10 min; gate shop',
  );
  assert.match(describeWave(wave({ together: true, atOnce: 3 }), hosts), /; together$/);
});
