import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeInputs } from '../../../../lib/evaluation/input-ages.ts';
import { inputDates } from '../../../../lib/store/nix/flake.ts';

const day = 24 * 3600;
const now = Date.UTC(2026, 9, 1) / 1000;

test('inputs are listed with their dates and ages, the oldest first', () => {
  const inputs = { tools: now - day, nixpkgs: now - 40.5 * day };
  assert.deepEqual(describeInputs(inputs, { now }), {
    note: 'inputs of the flake: nixpkgs of 2026-08-21 (40 days), tools of 2026-09-30 (1 day)',
    warnings: [],
  });
});

test('an input older than the limit is a warning, one at the limit is not', () => {
  const inputs = { old: now - 31 * day, just: now - 30 * day, ahead: now + day };
  const { warnings } = describeInputs(inputs, { now, maxAgeDays: 30 });
  assert.deepEqual(warnings, [
    'the flake’s input old is 31 days old, and inputMaxAgeDays is 30: npm run update -- old',
  ]);
});

test('there is no note for a flake without dated inputs', () => {
  assert.deepEqual(describeInputs({}, { now, maxAgeDays: 1 }), { note: undefined, warnings: [] });
});

test('only the flake’s own inputs are listed; folders and inputs that follow others have no date', () => {
  const locks = {
    root: 'root',
    nodes: {
      root: { inputs: { nixpkgs: 'nixpkgs_2', keys: 'keys', same: ['nixpkgs'] } },
      nixpkgs_2: { locked: { type: 'github', lastModified: 17 }, inputs: { deeper: 'nixpkgs' } },
      nixpkgs: { locked: { type: 'github', lastModified: 3 } },
      keys: { locked: { type: 'path', lastModified: 5 } },
    },
  };
  assert.deepEqual(inputDates(locks), { nixpkgs: 17 });
});
