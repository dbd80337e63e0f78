import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sandbox } from './sandbox.ts';

test('version_at_least compares numbers, not strings', async (t) => {
  const sandbox = await Sandbox.create(t);
  const cases: [have: string, want: string, enough: boolean][] = [
    ['v24.21.0', '24', true],
    ['v20.20.2', '24', false],
    ['v100.0.0', '24', true],
    ['3.200.0', '3.200', true],
    ['v3.99.1', '3.200', false],
    ['v4.0.0', '3.200', true],
    ['nix (Nix) 2.34.8', '2.24', true],
    ['nix (Nix) 2.8.0', '2.24', false],
    ['nix (Nix) 2.24.0pre20240801_abc', '2.24', true],
    ['nix (Lix, like Nix) 2.91.1', '2.24', true],
    ['2.24', '2.24.1', false],
    ['v3.260.0-alpha.1+dirty', '3.200', true],
    ['', '1', false],
    ['command not found', '1', false],
  ];
  const code = cases
    .map(([have, want]) => `if version_at_least '${have}' '${want}'; then echo true; else echo false; fi`)
    .join('\n');
  const result = await sandbox.sh(['version'], code);
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(
    result.stdout
      .trim()
      .split('\n')
      .map((enough, index) => [...(cases[index]?.slice(0, 2) ?? []), enough === 'true']),
    cases,
  );
});
