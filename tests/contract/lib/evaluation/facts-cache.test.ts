import assert from 'node:assert/strict';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { type CachedHost, FactsCache } from '../../../../lib/evaluation/facts-cache.ts';
import { pruneCache } from '../../../../lib/evaluation/prune.ts';
import { ownFolder } from '../../../fixtures/flakes/copy.ts';
import { evaluateFixture } from './fixture.ts';

const key = { flakeIdentity: 'flake', factsVersion: 'facts', nixVersion: '2.34', target: 'web' };
let folder = '';
let host: CachedHost;

beforeEach(async () => {
  const evaluated = await evaluateFixture(['web']);
  process.env.XDG_CACHE_HOME = await ownFolder();
  folder = join(process.env.XDG_CACHE_HOME, 'nixos-fleet/v1/facts');
  const web = evaluated.hosts.web;
  assert.ok(web?.ok);
  const { ok, kernel, ...rest } = web;
  host = { ...rest, kernel: Object.values(evaluated.kernels)[0] };
  await new FactsCache().put(key, host);
});

test('cached facts are found only if everything they depend on is the same', async () => {
  assert.deepEqual(await new FactsCache().get(key), host);
  for (const part of Object.keys(key)) {
    assert.equal(await new FactsCache().get({ ...key, [part]: 'other' }), undefined, part);
  }
});

test('a damaged file counts as absent', async () => {
  for (const name of await readdir(folder)) {
    for (const damage of ['', '{', '{}', '[]']) {
      await writeFile(join(folder, name), damage);
      assert.equal(await new FactsCache().get(key), undefined, `${name}: ${damage}`);
    }
    await new FactsCache().put(key, host);
  }
});

test('facts count as absent if their derivation was garbage-collected', async () => {
  const gone = { ...host, drvPath: '/nix/store/gone.drv', outPath: '/nix/store/gone' };
  await new FactsCache().put(key, gone);
  assert.equal(await new FactsCache().get(key), undefined);
});

test('files that were not used for long are removed, and the others stay', async () => {
  const old = new Date(Date.now() - 40 * 24 * 3600 * 1000);
  await writeFile(join(folder, 'old.json'), '{}');
  await utimes(join(folder, 'old.json'), old, old);
  await pruneCache();
  assert.ok(!(await readdir(folder)).includes('old.json'));
  assert.deepEqual(await new FactsCache().get(key), host);
});
