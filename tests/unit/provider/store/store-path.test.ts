import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { importedOutput, storePathProblems } from '../../../../provider/store/store-path.ts';

const hash = '0123456789abcdfghijklmnpqrsvwxyz';
const outPath = `/nix/store/${hash}-nixos-system-web-26.11`;
const drvPath = `${outPath}.drv`;

test('a derivation and its output fit, and an imported one has no derivation', () => {
  assert.deepEqual(storePathProblems({ drvPath, outPath }), {});
  assert.deepEqual(storePathProblems({ drvPath: '', outPath }), {});
});

test('each path that is none is named', () => {
  assert.deepEqual(Object.keys(storePathProblems({ drvPath: outPath, outPath: drvPath })), [
    'drvPath',
    'outPath',
  ]);
  assert.deepEqual(Object.keys(storePathProblems({ drvPath, outPath: '/etc/passwd' })), ['outPath']);
  assert.deepEqual(Object.keys(storePathProblems({ drvPath, outPath: `${outPath}/../../x` })), ['outPath']);
});

test('an import takes an output path; the error for anything else names the fix', () => {
  assert.equal(importedOutput(outPath, 'web'), outPath);
  const errorOf = (id: string) => {
    try {
      importedOutput(id, 'web');
    } catch (error) {
      return error;
    }
  };
  const derivation = errorOf(drvPath);
  assert.ok(derivation instanceof FleetError);
  assert.match(derivation.fix ?? '', /nix-store --query --outputs/);
  const nonsense = errorOf('web');
  assert.ok(nonsense instanceof FleetError);
  assert.match(nonsense.message, /cannot import 'web' by the id 'web'/);
});
