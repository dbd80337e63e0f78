import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CollectionRequest,
  planCollection,
  reachable,
} from '../../../../../../lib/store/caches/retention/collection.ts';
import { type CachedPath, parseNarinfo } from '../../../../../../lib/store/caches/retention/narinfo.ts';

/** 'web2 -> lib2 libc': a path and its references; each has 10 bytes and is old. */
function cache(...lines: string[]): Map<string, CachedPath> {
  return new Map(
    lines.map((line) => {
      const [name = '', ...references] = line.split(/[ >-]+/);
      return [name, { name, references, file: `nar/${name}.nar`, fileSize: 10, changedAt: 0 }];
    }),
  );
}

const paths = cache(
  'libc',
  'lib1 -> libc',
  'lib2 -> libc',
  'web1 -> lib1 libc',
  'web2 -> web2 lib2',
  'db1 -> lib1',
);
const plan = (more: Partial<CollectionRequest>) =>
  planCollection({ paths, needed: ['web2', 'db1'], givenUp: [], everything: false, since: 0, ...more });
const names = (removed: readonly CachedPath[]) => removed.map(({ name }) => name).sort();

test('a closure follows references, also in cycles, and skips roots that the cache does not have', () => {
  assert.deepEqual([...reachable(paths, ['web2', 'gone'])].sort(), ['lib2', 'libc', 'web2']);
});

test('the closure of a given up path is removed, except for what a remaining path needs', () => {
  assert.deepEqual(names(plan({ givenUp: ['web1'] }).remove), ['web1']);
  const both = plan({ givenUp: ['web1', 'db1'], needed: ['web2'] });
  assert.deepEqual(names(both.remove), ['db1', 'lib1', 'web1']);
  assert.deepEqual([both.freedBytes, both.keptPaths, both.keptBytes], [30, 3, 30]);
});

test('a path without a record stays with its closure, unless everything is to be removed', () => {
  const strange = cache('libc', 'lib1 -> libc', 'web1 -> lib1', 'tool -> lib1');
  const given = { paths: strange, needed: [], givenUp: ['web1'] };
  assert.deepEqual(names(plan(given).remove), ['web1']);
  assert.deepEqual(plan({ ...given, givenUp: [] }).remove, []);
  assert.deepEqual(names(plan({ ...given, everything: true }).remove), ['lib1', 'libc', 'tool', 'web1']);
});

test('a new path stays with its closure, and holds the given up path that needs it', () => {
  const [, web1] = ['', paths.get('web1') as CachedPath];
  const young = new Map(paths).set('web1', { ...web1, changedAt: 9 });
  const held = plan({ paths: young, givenUp: ['web1'], since: 5 });
  assert.deepEqual([names(held.remove), held.held], [[], ['web1']]);
  assert.deepEqual(plan({ paths: young, givenUp: ['web1'], since: 9 }).held, []);
  // A running push may refer to paths that the cache already has.
  const all = plan({ paths: young, needed: ['web2'], givenUp: ['web1'], everything: true, since: 5 });
  assert.deepEqual(names(all.remove), ['db1']);
});

test('a NAR file that a remaining path shares stays', () => {
  const shared = cache('old', 'new');
  for (const [name, path] of shared) shared.set(name, { ...path, file: 'nar/same.nar' });
  const { remove, files, freedBytes } = plan({ paths: shared, needed: ['new'], givenUp: ['old'] });
  assert.deepEqual([names(remove), files, freedBytes], [['old'], [], 0]);
});

test('a .narinfo file is parsed', () => {
  const hash = '0'.repeat(32);
  const text = `StorePath: /nix/store/${hash}-web
URL: nar/1x.nar.zst
Compression: zstd
FileSize: 123
NarSize: 456
References: ${hash}-web ${'1'.repeat(32)}-libc
Sig: a:b
`;
  assert.deepEqual(parseNarinfo(text, 7), {
    name: `${hash}-web`,
    references: [`${hash}-web`, `${'1'.repeat(32)}-libc`],
    file: 'nar/1x.nar.zst',
    fileSize: 123,
    changedAt: 7,
  });
  assert.equal(parseNarinfo('StorePath: web\nURL: x\n', 0), undefined);
  assert.deepEqual(parseNarinfo(text.replace(/^References:.*/m, 'References: '), 0)?.references, []);
});
