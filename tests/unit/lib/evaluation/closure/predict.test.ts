import assert from 'node:assert/strict';
import { test } from 'node:test';
import { predictClosure } from '../../../../../lib/evaluation/closure/predict.ts';
import type { KnownPath } from '../../../../../lib/evaluation/closure/uses.ts';
import { storeName } from '../../../../../lib/store/nix/nix.ts';
import { type Made, madeGraph } from './made-up.ts';

/** A system of a server, which uses a library and was built by a compiler. */
const old: Record<string, Made> = {
  'system-1': {
    buildCommand: 'ln -s @units\nln -s @path\ncp @activate',
    refersTo: ['units', 'path', 'jq-1'],
  },
  units: { buildCommand: 'for @unit-web', refersTo: ['unit-web'] },
  'unit-web': { text: 'ExecStart=@web-1', refersTo: ['web-1'] },
  path: { paths: '@web-1 @less-1', refersTo: ['web-1', 'less-1'] },
  activate: { text: '@jq-1', refersTo: ['jq-1'] },
  'web-1': {
    buildInputs: '@lib-1',
    nativeBuildInputs: '@compiler-1',
    stdenv: '@stdenv-1',
    refersTo: ['lib-1', 'libc-1'],
  },
  'lib-1': {},
  'libc-1': {},
  'less-1': {},
  'jq-1': {},
  'compiler-1': {},
  'stdenv-1': { libc: '@libc-1', refersTo: ['libc-1', 'compiler-1'] },
};

interface Options {
  /** Names of the new system's derivations that are those of the old one. */
  same?: readonly string[];
  /** New outputs that a store has. */
  known?: readonly string[];
  withoutDerivations?: boolean;
}

/** Names of the predicted closure, with their certainty unless it is `expected`. */
function predicted(
  now: Record<string, Made>,
  { same = [], known = [], withoutDerivations = false }: Options = {},
): string[] {
  const before = madeGraph(old, () => 'a');
  const after = madeGraph(now, (name) => (same.includes(name) ? 'a' : 'b'));
  const inStore = new Map<string, KnownPath>();
  for (const name of known)
    inStore.set(after.pathOf(name), after.closure.get(after.pathOf(name)) as KnownPath);
  const builtBefore = ['activate', 'compiler-1', 'stdenv-1'].map(before.pathOf);
  const closure = new Map([...before.closure].filter(([path]) => !builtBefore.includes(path)));
  const prediction = predictClosure({
    outPath: after.pathOf(Object.keys(now)[0] ?? ''),
    graph: after.graph,
    known: inStore,
    old: { path: before.pathOf('system-1'), closure, graph: withoutDerivations ? undefined : before.graph },
  });
  return [...prediction]
    .map(([path, { certainty }]) => `${storeName(path)}${certainty === 'expected' ? '' : ` ${certainty}`}`)
    .filter((line) => !line.startsWith('system-'))
    .sort();
}

/** The old system, with texts replaced in all of its names and attributes. */
function updated(...changes: readonly [string, string][]): Record<string, Made> {
  const text = changes.reduce((all, [from, to]) => all.replaceAll(from, to), JSON.stringify(old));
  return JSON.parse(text) as Record<string, Made>;
}

const everything = ['jq-1', 'less-1', 'lib-1', 'libc-1', 'path', 'unit-web', 'units', 'web-1'];

test('rebuilt packages are in the closure where the old ones were; what only builds used is not', () => {
  assert.deepEqual(predicted(updated()), everything);
});

test('other versions take the places of the old ones, also of a library that no package names', () => {
  const now = updated(['lib-1', 'lib-2'], ['libc-1', 'libc-2'], ['compiler-1', 'compiler-2']);
  assert.deepEqual(predicted(now), [
    'jq-1',
    'less-1',
    'lib-2',
    'libc-2',
    'path',
    'unit-web',
    'units',
    'web-1',
  ]);
});

test('a path that is the same in both systems has the same references', () => {
  const same = ['web-1', 'lib-1', 'libc-1', 'jq-1'];
  const now = predicted(updated(['less-1', 'less-2']), { same });
  assert.deepEqual(
    now,
    everything.map((name) => name.replace('less-1', 'less-2')),
  );
});

test('what is no longer an input is gone', () => {
  const now = updated([' @less-1', ''], ['@jq-1', '']);
  assert.deepEqual(predicted(now), ['lib-1', 'libc-1', 'path', 'unit-web', 'units', 'web-1']);
});

test('what a text names is in the closure, also where the text is copied', () => {
  const now = updated(
    ['ExecStart=@web-1', 'ExecStart=@web-1 @hello-1'],
    ['"text":"@jq-1"', '"text":"@jq-1 @bc-1"'],
  );
  assert.deepEqual(
    predicted({ ...now, 'hello-1': {}, 'bc-1': {} }),
    ['bc-1', 'hello-1', ...everything].sort(),
  );
});

test('a new input is in the closure as others in its place were, and only probably', () => {
  const now = updated(
    ['@lib-1', '@lib-1 @extra-1'],
    ['@compiler-1', '@compiler-1 @linker-1'],
    ['@unit-web', '@unit-web @unit-new'],
  );
  const added = { 'extra-1': {}, 'linker-1': {}, 'unit-new': { text: '@less-1' } };
  assert.deepEqual(
    predicted({ ...now, ...added }),
    ['extra-1 probable', ...everything, 'unit-new probable'].sort(),
  );
});

test('what a store has of the new build is known', () => {
  const now = updated(['web-1', 'web-2']);
  (now['web-2'] as Made).refersTo = ['lib-1', 'surprise-1'];
  const found = predicted({ ...now, 'surprise-1': {} }, { known: ['web-2', 'lib-1', 'surprise-1'] });
  assert.deepEqual(found, ['jq-1', 'less-1', 'lib-1', 'path', 'surprise-1', 'unit-web', 'units', 'web-2']);
});

test('a system that a store has is known whole', () => {
  const all = Object.keys(old);
  assert.deepEqual(
    predicted(updated(), { known: all }),
    everything.map((name) => `${name} known`),
  );
});

test('without the old derivations, versions that change are found by their names', () => {
  const now = updated(
    ['lib-1', 'lib-2'],
    ['libc-1', 'libc-2'],
    ['ExecStart=@web-1', 'ExecStart=@web-1 @hello-1'],
  );
  const found = predicted({ ...now, 'hello-1': {} }, { withoutDerivations: true });
  assert.deepEqual(found, [
    'hello-1',
    'jq-1',
    'less-1',
    'lib-2',
    'libc-2',
    'path',
    'unit-web',
    'units',
    'web-1',
  ]);
});
