import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePrediction } from '../../../../../lib/evaluation/prediction/describe.ts';
import type { Prediction, ScopePrediction } from '../../../../../lib/evaluation/prediction/predict.ts';

const scope = (changes: Partial<ScopePrediction> = {}): ScopePrediction => ({
  ...{ restarts: [], reloads: [], stops: [], starts: [], keeps: [] },
  ifActive: { restarts: [], reloads: [], stops: [], starts: [], keeps: [] },
  ...changes,
});
const prediction = (changes: Partial<Prediction> = {}): Prediction => ({
  ...{ system: scope(), user: scope(), reexecutes: undefined, unknownPackages: [], activationLists: false },
  ...changes,
});

test('nothing is said of nothing', () => {
  assert.deepEqual(describePrediction(prediction()), []);
});

test('units are grouped by what happens to them, services without their suffix', () => {
  const system = scope({
    restarts: ['sshd.service', 'nginx.service', 'backup.timer'],
    reloads: ['dbus-broker.service'],
    stops: ['old.service', '/data'],
    starts: ['new.service'],
    keeps: ['display-manager.service'],
  });
  assert.deepEqual(describePrediction(prediction({ system })), [
    'the switch restarts backup.timer, nginx, sshd; reloads dbus-broker; stops /data, old; starts new; does not restart display-manager',
  ]);
});

test('what depends on the machine, on sessions and on packages is said apart', () => {
  const maybe = { restarts: ['a.service'], reloads: [], stops: [], starts: [], keeps: ['b.service'] };
  assert.deepEqual(
    describePrediction(
      prediction({
        system: scope({ restarts: ['c.service'], ifActive: maybe }),
        user: scope({ reloads: ['dbus.service'], ifActive: maybe }),
        unknownPackages: ['nix', 'udisks2'],
        activationLists: true,
      }),
    ),
    [
      'the switch restarts c',
      'where active, the switch also restarts a',
      'in sessions of users, the switch restarts a; reloads dbus; does not restart b',
      'not predicted: changes of units that packages bring (nix, udisks2)',
      'not predicted: units that activation scripts restart or reload',
    ],
  );
});

test('a long list ends with the number of the others', () => {
  const names = Array.from({ length: 30 }, (_, index) => `s${10 + index}.service`);
  const [line = ''] = describePrediction(prediction({ system: scope({ restarts: names }) }));
  assert.match(line, /^the switch restarts s10, s11, .*, s21 and 18 more$/);
});
