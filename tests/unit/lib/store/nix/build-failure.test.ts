import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeBuildFailure, failuresOf, reasonOf } from '../../../../../lib/store/nix/build-failure.ts';

const tool = '/nix/store/yq17yny1hhpyzf4ry8lmbh7fbkh3nzcv-tool-1.0.drv';
const top = '/nix/store/67lqc0a7h6lzp0h4ixgafxink03jvmza-nixos-system-web-26.11.drv';
const modern = `Cannot build '${tool}'.\nReason: builder failed with exit code 3.\nOutput paths:\n  /nix/store/imwndnh3z6wijq2fl1wfcbf022pbzqy3-tool-1.0`;
const older = `builder for '${tool}' failed with exit code 3;\n       last 2 log lines:\n       > a\n       > b\n       For full logs, run:\n         nix log ${tool}`;

test('failures that only follow from a dependency’s are left out, in Nix’s new and old format', () => {
  assert.deepEqual(
    failuresOf([
      modern,
      `Cannot build '${top}'.\nReason: 1 dependency failed.\nOutput paths:\n  /nix/store/x`,
    ]),
    [{ drvPath: tool, message: modern }],
  );
  assert.deepEqual(failuresOf([older, `1 dependencies of derivation '${top}' failed to build`]), [
    { drvPath: tool, message: older },
  ]);
});

test('only the reason of a message is kept', () => {
  assert.equal(reasonOf(modern), 'builder failed with exit code 3');
  assert.match(reasonOf(older), /^builder for .* failed with exit code 3$/);
  assert.match(
    reasonOf(`hash mismatch in fixed-output derivation '${tool}':\n  specified: a\n  got: b`),
    /got: b/,
  );
});

const log = { errors: [], notes: [], buildLog: () => ['step 1', 'out of luck'] };

test('the error names the failed derivation, what needs it, its last log lines and the command for the whole log', () => {
  const error = describeBuildFailure(
    { drvPath: top, host: 'web' },
    [{ drvPath: tool, message: modern }],
    log,
  );
  assert.equal(error.code, 'build-failed');
  assert.equal(error.host, 'web');
  assert.match(error.message, /tool-1\.0 did not build, which nixos-system-web-26\.11 needs/);
  assert.match(error.message, /last 2 lines of its log:\n\s+step 1\n\s+out of luck/);
  assert.match(error.fix ?? '', new RegExp(`nix log ${tool}`));
});

test('a full disk has its own error code', () => {
  const full = { ...log, buildLog: () => ['write error: No space left on device'] };
  assert.equal(
    describeBuildFailure({ drvPath: top }, [{ drvPath: tool, message: modern }], full).code,
    'no-room',
  );
});

test('without a known failure, everything that nix printed is the reason', () => {
  const printed = { ...log, errors: ['cannot connect to the daemon'], notes: ['a warning'] };
  assert.match(describeBuildFailure({ drvPath: top }, [], printed).why ?? '', /cannot connect to the daemon/);
});
