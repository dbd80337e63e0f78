import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { operationsAtOnce } from '../../../commands/operations-at-once.ts';

test('Pulumi runs at least 32 operations at once, and never fewer than by itself', () => {
  assert.equal(operationsAtOnce(undefined, 2), '32');
  assert.equal(operationsAtOnce(undefined, 7), '32');
  assert.equal(operationsAtOnce(undefined, 8), undefined);
  assert.equal(operationsAtOnce(undefined, 64), undefined);
});

test('what the user has set stays', () => {
  assert.equal(operationsAtOnce('2', 2), '2');
  assert.equal(operationsAtOnce('2', 64), '2');
});

test('setup/pulumi-env has the same numbers', () => {
  const script = readFileSync(new URL('../../../setup/pulumi-env', import.meta.url), 'utf8');
  const [, processors, value] = /nproc .*\)" -ge (\d+) .*PULUMI_PARALLEL-(\d+)/.exec(script) ?? [];
  assert.equal(operationsAtOnce(undefined, Number(processors)), undefined);
  assert.equal(operationsAtOnce(undefined, Number(processors) - 1), value);
});
