import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheNotes } from '../../../../../lib/store/caches/cache-notes.ts';

const info = (name: string, ...signatures: string[]) => ({
  path: `/nix/store/${name}`,
  narHash: 'sha256-x',
  narSize: 2 ** 20,
  references: [],
  signatures,
});
const closure = [info('web'), info('lib')];
const cache = (...infos: ReturnType<typeof info>[]) => ({
  filled: true,
  infos: new Map(infos.map((each) => [each.path, each])),
});
const web = { outPath: '/nix/store/web', delivery: 'auto' as const, closure, trusted: ['cache-1:abc='] };
const texts = (...given: Parameters<typeof cacheNotes>) => cacheNotes(...given).map(({ text }) => text);

test('how much of a closure a cache has, and how it will come to the machine', () => {
  assert.deepEqual(texts({ main: cache(info('lib', 'cache-1:s')) }, { web }, undefined), [
    'web, its new system: main has 1 of 2 paths, 1 MiB of 2 MiB; the machine fetches it from main, once it is pushed there',
  ]);
  const all = cache(info('web', 'cache-1:s'), info('lib', 'cache-1:s'));
  assert.match(
    texts({ main: all }, { web }, undefined).join(),
    /2 of 2 paths.*; the machine fetches it from main$/,
  );
  const foreign = { ...cache(), filled: false };
  assert.match(texts({ vendor: foreign }, { web }, undefined).join(), /0 of 2 paths.*; it is copied$/);
});

test('a system that is not built, and what is left to build', () => {
  const { closure: _, ...unbuilt } = web;
  const work = { builds: 12, paths: 30, mebibytes: 50.5 };
  assert.deepEqual(texts({ main: cache() }, { web: { ...unbuilt, delivery: 'copy' } }, work), [
    'left to build: 12 derivations; to fetch for that: 30 paths, 50.5 MiB',
    'web, its new system: not built yet; main has not got it',
  ]);
});

test('a cache that does not answer, and one whose signatures the machine does not trust, are warnings', () => {
  const notes = cacheNotes(
    {
      down: { filled: true, problem: 'timed out' },
      main: cache(info('web', 'cache-2:s')),
      bare: cache(info('web')),
    },
    { web },
    undefined,
  );
  const warnings = notes.filter(({ severity }) => severity === 'warning').map(({ text }) => text);
  assert.deepEqual(warnings, [
    'the cache down did not answer, which stops nothing: timed out',
    'web does not accept what main has: it is signed by cache-2, and the machine trusts cache-1',
    'web does not accept what bare has: it is not signed, and the machine trusts cache-1',
  ]);
});
