import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ActivationResult,
  activationResult,
  parseResult,
} from '../../../../../lib/machine/record/result.ts';
import { explainResult } from '../../../../../lib/machine/switch/explain.ts';

const result: ActivationResult = {
  unit: 'nixos-fleet-20260721-101500-3fa9c2',
  host: 'web',
  system: '/nix/store/n-nixos-system-web',
  revision: '',
  action: 'switch',
  by: 'ann@laptop',
  previous: '/nix/store/o-nixos-system-web',
  previousGeneration: 3,
  outcome: 'confirmed',
  exitCode: 0,
  failedUnits: [],
  wentBack: 'not-needed',
  rollbackExitCode: null,
  bootId: 'b',
  startedAt: 1,
  endedAt: 2,
};

test('a confirmed system is no failure', () => {
  assert.equal(explainResult(result, ''), undefined);
});

test('every other outcome has an error with what, why and fix', () => {
  for (const outcome of activationResult.shape.outcome.options) {
    if (outcome === 'confirmed') continue;
    for (const wentBack of activationResult.shape.wentBack.options) {
      const error = explainResult({ ...result, outcome, wentBack, exitCode: 2 }, 'line of the log\n');
      assert.equal(error?.host, 'web');
      assert.match(error?.why ?? '', /line of the log/);
      assert.match(error?.fix ?? '', /journalctl -u nixos-fleet-20260721-101500-3fa9c2/);
    }
  }
});

test('outcomes have distinct error codes', () => {
  const code = (part: Partial<ActivationResult>) => explainResult({ ...result, ...part }, '')?.code;
  assert.equal(code({ outcome: 'activation-failed', wentBack: 'yes', exitCode: 2 }), 'activation-failed');
  assert.equal(code({ outcome: 'activation-failed', wentBack: 'failed' }), 'rollback-failed');
  assert.equal(code({ outcome: 'units-failed', wentBack: 'yes', exitCode: 4 }), 'units-failed');
  assert.equal(code({ outcome: 'not-confirmed', wentBack: 'yes' }), 'not-confirmed');
  assert.equal(code({ outcome: 'locked' }), 'deployment-in-progress');
});

test('the error names the units and the exit code, and omits the output of the rollback', () => {
  const failed = {
    ...result,
    outcome: 'units-failed',
    wentBack: 'yes',
    exitCode: 4,
    failedUnits: ['a.service'],
  };
  const why = explainResult(
    failed as ActivationResult,
    'broke\nnixos-fleet: rolling back\nfine again\n',
  )?.why;
  assert.match(why ?? '', /failed units: a\.service\nexit code 4: units failed\nbroke\n/);
  assert.match(why ?? '', /rolled back to \/nix\/store\/o-nixos-system-web$/);
  assert.doesNotMatch(why ?? '', /fine again/);
});

test('an unreadable result is ignored', () => {
  assert.equal(parseResult(undefined), undefined);
  assert.equal(parseResult('{'), undefined);
  assert.equal(parseResult('{"unit":"x"}'), undefined);
  assert.deepEqual(parseResult(JSON.stringify(result)), result);
});
