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

test('a note shows how much of a closure each cache has, and how the machine will get it', () => {
  assert.deepEqual(texts({ main: cache(info('lib', 'cache-1:s')) }, { web }, undefined), [
    'web, its new system: main has 1 of 2 paths, 1 MiB of 2 MiB; the machine fetches it from main after the push',
  ]);
  const all = cache(info('web', 'cache-1:s'), info('lib', 'cache-1:s'));
  assert.match(
    texts({ main: all }, { web }, undefined).join(),
    /2 of 2 paths.*; the machine fetches it from main$/,
  );
  const foreign = { ...cache(), filled: false };
  assert.match(
    texts({ vendor: foreign }, { web }, undefined).join(),
    /0 of 2 paths.*; it is copied from this computer$/,
  );
});

test('a note shows what is not built yet, and how much there is to build', () => {
  const { closure: _, ...unbuilt } = web;
  const work = { builds: 12, paths: 30, mebibytes: 50.5 };
  assert.deepEqual(texts({ main: cache() }, { web: { ...unbuilt, delivery: 'copy' } }, work), [
    'to build: 12 derivations; to fetch for the build: 30 paths, 50.5 MiB',
    'web, its new system: not built yet; main does not have it',
  ]);
});

test('there is a warning for a cache that does not answer, and for signatures that the machine does not trust', () => {
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
    'cannot query the cache down, the update continues without it: timed out',
    'web does not accept paths from main: the system is signed by cache-2, but the machine trusts cache-1',
    'web does not accept paths from bare: the system is not signed, but the machine trusts cache-1',
  ]);
});
