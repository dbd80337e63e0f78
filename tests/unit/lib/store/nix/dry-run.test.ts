import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEstimate, parsePlan } from '../../../../../lib/store/nix/dry-run.ts';

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

test('derivations to build and paths to fetch are listed', () => {
  const path = (name: string) => `/nix/store/8n6w406yg1mc5dalhnmr7y9a01l1ab83-${name}`;
  const printed = `warning: something
these 2 derivations will be built:
  ${path('a.drv')}
  ${path('b.drv')}
this path will be fetched (1.2 KiB download, 3.4 KiB unpacked):
  ${path('fetched.drv')}
don't know how to build these paths:
  ${path('unknown')}
`;
  assert.deepEqual(parsePlan(printed), {
    builds: new Set([path('a.drv'), path('b.drv')]),
    fetches: new Set([path('fetched.drv')]),
  });
  assert.deepEqual([...parsePlan('this derivation will be built:\n  /n/x.drv\n').builds], ['/n/x.drv']);
  assert.deepEqual(parsePlan(''), { builds: new Set(), fetches: new Set() });
});
