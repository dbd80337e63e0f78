import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { groupErrors } from '../../../../lib/evaluation/group-errors.ts';

const failed = (host: string, why = 'the moon is full') => ({
  ok: false as const,
  error: new FleetError({
    code: 'evaluation-failed',
    what: 'the configuration cannot be evaluated',
    host,
    why,
    fix: `nix eval ${host}`,
  }),
});

test('a fault that machines share is one error with their names and one fix (fault 75)', () => {
  const [hosts, images] = groupErrors(
    { m1: failed('m1'), m2: { ok: true as const }, m3: failed('m3'), m4: failed('m4', 'another') },
    { disk: failed('m5') },
  );
  const messages = [...Object.values(hosts), ...Object.values(images)].flatMap((each) =>
    each.ok ? [] : each.error.message,
  );
  assert.deepEqual(
    [...new Set(messages)],
    [
      'm1, m3, m5: the configuration cannot be evaluated [evaluation-failed]\n  why:  the moon is full\n  fix:  nix eval m1',
      'm4: the configuration cannot be evaluated [evaluation-failed]\n  why:  another\n  fix:  nix eval m4',
    ],
  );
});

test('what is grouped already stays so', () => {
  const [once] = groupErrors({ m1: failed('m1'), m2: failed('m2') });
  assert.deepEqual(groupErrors(once)[0], once);
});
