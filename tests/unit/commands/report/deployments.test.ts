import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deploymentRuns,
  hasFailed,
  parseDeployment,
  shownDeployment,
} from '../../../../commands/report/deployments.ts';
import { describeDeployment } from '../../../../lib/machine/record/history.ts';
import type { ActivationResult } from '../../../../lib/machine/record/result.ts';
import { someResult } from '../../../fixtures/activation-result.ts';

const result = (more: Partial<ActivationResult> = {}): ActivationResult =>
  someResult({
    system: `/nix/store/${'a'.repeat(32)}-nixos-system-web-26.05`,
    by: 'me@laptop',
    revision: '0123456789abcdef',
    startedAt: 1_764_310_000,
    endedAt: 1_764_310_472,
    ...more,
  });

test('a line of the state is the same deployment as a result of the machine', () => {
  for (const each of [
    result(),
    result({ revision: '' }),
    result({ action: 'boot' }),
    result({ action: 'test', revision: 'dirty-tree' }),
    result({ outcome: 'units-failed', wentBack: 'yes' }),
    result({ by: 'Ann: the operator@laptop', revision: '' }),
    result({ system: '' }),
  ])
    assert.deepEqual(parseDeployment(describeDeployment(each)), shownDeployment(each));
});

test('a line that cannot be parsed is shown as it is, and is no failure', () => {
  const shown = parseDeployment('something else');
  assert.deepEqual([shown.system, shown.at, hasFailed(shown)], ['something else', '', false]);
});

test('deployments of the same revision, by the same person and near in time, are one run', () => {
  const at = (machine: string, minute: number, more: Partial<ActivationResult> = {}) => ({
    machine,
    deployment: shownDeployment(result({ endedAt: 1_764_310_500 + minute * 60, ...more })),
  });
  const runs = deploymentRuns([
    at('web3', 65),
    at('web1', 0),
    at('web2', 29, { outcome: 'rejected', wentBack: 'yes' }),
    at('web4', 58),
    at('web2', 28),
    at('db', 30, { by: 'ci@runner' }),
    at('web1', 200),
  ]);
  assert.deepEqual(
    runs.map(({ machines, by, result: each }) => [machines.join(), by, each]),
    [
      ['web1', 'me@laptop', 'confirmed'],
      ['web1,web2,web4,web3', 'me@laptop', 'confirmed'],
      ['db', 'ci@runner', 'confirmed'],
      ['web2', 'me@laptop', 'rejected, rolled back: yes'],
    ],
  );
  assert.deepEqual([runs[1]?.at.slice(14, 16), runs[1]?.until.slice(14, 16)], ['15', '20']);
});
