import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rebootWanted } from '../../../../../lib/machine/switch/deploy.ts';
import { activatedPath, reached } from '../../../../../lib/machine/switch/goal.ts';

const both = { system: '/a', profileSystem: '/a' };
const liveOnly = { system: '/a', profileSystem: '/old' };
const nextOnly = { system: '/old', profileSystem: '/a' };

test('each action has its desired state', () => {
  const reaches = (action: 'switch' | 'boot' | 'test' | 'dry-activate') =>
    [both, liveOnly, nextOnly].map((running) => reached(running, { system: '/a', action }));
  assert.deepEqual(reaches('switch'), [true, false, false]);
  assert.deepEqual(reaches('boot'), [true, false, true]);
  assert.deepEqual(reaches('test'), [true, true, false]);
  assert.deepEqual(reaches('dry-activate'), [false, false, false]);
});

test('a specialisation is distinguished from its system', () => {
  assert.equal(reached({ ...both, specialisation: 'night' }, { system: '/a' }), false);
  assert.equal(reached(both, { system: '/a', specialisation: 'night' }), false);
  assert.equal(
    reached({ ...both, specialisation: 'night' }, { system: '/a', specialisation: 'night' }),
    true,
  );
  assert.equal(activatedPath({ system: '/a', specialisation: 'night' }), '/a/specialisation/night');
  assert.equal(activatedPath({ system: '/a' }), '/a');
});

test('the reboot setting decides whether a machine is rebooted', () => {
  const wanted = (
    reboot: 'never' | 'when-needed' | 'always',
    { due = false, changed = true, action = 'switch' as const, system = '/a' } = {},
  ) => rebootWanted({ reboot, action, system: '/a' }, { rebootDue: due, system }, changed);
  assert.equal(wanted('never', { due: true }), false);
  assert.equal(wanted('when-needed'), false);
  assert.equal(wanted('when-needed', { due: true, changed: false }), true);
  assert.equal(wanted('when-needed', { system: '/old' }), true, 'it could not be switched to');
  assert.equal(wanted('always'), true);
  assert.equal(wanted('always', { changed: false }), false);
  assert.equal(
    rebootWanted({ reboot: 'always', action: 'test', system: '/a' }, { rebootDue: true, system: '/a' }, true),
    false,
  );
  assert.equal(
    rebootWanted(
      { reboot: 'when-needed', action: 'boot', system: '/a' },
      { rebootDue: false, system: '/old' },
      true,
    ),
    false,
  );
});
