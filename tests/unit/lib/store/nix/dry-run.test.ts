import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWork } from '../../../../../lib/store/nix/dry-run.ts';

test('derivations to build and paths to fetch, one and many', () => {
  const many = `these 12 derivations will be built:
  /nix/store/a.drv
these 30 paths will be fetched (1.50 GiB download, 4.00 GiB unpacked):
  /nix/store/b`;
  assert.deepEqual(parseWork(many), { builds: 12, paths: 30, mebibytes: 1536 });
  const one =
    'this derivation will be built:\n  /nix/store/a.drv\nthis path will be fetched (512.0 KiB download, 1 MiB unpacked):';
  assert.deepEqual(parseWork(one), { builds: 1, paths: 1, mebibytes: 0.5 });
  assert.deepEqual(parseWork(''), { builds: 0, paths: 0, mebibytes: 0 });
});
