import assert from 'node:assert/strict';
import { test } from 'node:test';
import { condensingSources, factsExpression } from '../../../../lib/evaluation/facts-expression.ts';

test('the version of the facts covers the code that condenses them, and no other file of the folder (fault 46)', () => {
  const sources = [...condensingSources().keys()];
  assert.deepEqual(
    sources.filter((path) => !path.startsWith('../')),
    [
      ...['condense-fleet.ts', 'condense-kernel.ts', 'condense.ts', 'derivation-text.ts'],
      ...['switching', 'unit-fact', 'unit-text', 'units-at-boot'].map((name) => `prediction/${name}.ts`),
      'ssh-key.ts',
    ],
  );
  for (const path of ['../base/map-values.ts', '../store/nix/derivation.ts'])
    assert.ok(sources.includes(path));
});

test('the facts expression has a version', () => {
  const { text, version } = factsExpression();
  assert.match(text, /^# Evaluates NixOS systems to raw facts/);
  assert.match(version, /^[0-9a-f]{64}$/);
});
