import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBuilds, parseEstimate } from '../../../../../lib/store/nix/dry-run.ts';

test('derivations to build and paths to fetch are counted, one and many', () => {
  const many = `these 12 derivations will be built:
  /nix/store/a.drv
these 30 paths will be fetched (1.50 GiB download, 4.00 GiB unpacked):
  /nix/store/b`;
  assert.deepEqual(parseEstimate(many), { builds: 12, paths: 30, mebibytes: 1536 });
  const one =
    'this derivation will be built:\n  /nix/store/a.drv\nthis path will be fetched (512.0 KiB download, 1 MiB unpacked):';
  assert.deepEqual(parseEstimate(one), { builds: 1, paths: 1, mebibytes: 0.5 });
  assert.deepEqual(parseEstimate(''), { builds: 0, paths: 0, mebibytes: 0 });
});

test('derivations to build are listed, paths to fetch are not', () => {
  const drv = (name: string) => `/nix/store/8n6w406yg1mc5dalhnmr7y9a01l1ab83-${name}.drv`;
  const printed = `warning: something
these 2 derivations will be built:
  ${drv('a')}
  ${drv('b')}
this path will be fetched (1.2 KiB download):
  /nix/store/8n6w406yg1mc5dalhnmr7y9a01l1ab83-fetched.drv
`;
  assert.deepEqual(parseBuilds(printed), [drv('a'), drv('b')]);
  assert.deepEqual(parseBuilds('this derivation will be built:\n  /n/x.drv\n'), ['/n/x.drv']);
  assert.deepEqual(parseBuilds(''), []);
});
