import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeBetween } from '../../../../../lib/evaluation/closure/change.ts';
import { describeClosure } from '../../../../../lib/evaluation/closure/describe.ts';
import { asLines } from '../../../../fixtures/diff-closures.ts';
import { storePath } from './made-up.ts';

type Certainty = 'known' | 'expected' | 'probable';

/** A closure of names; each refers to those that follow it in its list. */
function closureOf(hash: string, names: Readonly<Record<string, readonly string[]>>, certainty?: Certainty) {
  return new Map(
    Object.entries(names).map(([name, references]) => [
      storePath(name, hash),
      {
        references: references.map((each) => storePath(each, hash)),
        narSize: 2 ** 20,
        ...(certainty && { certainty }),
      },
    ]),
  );
}

const old = closureOf('a', {
  'nixos-system-web-25.11': ['nginx-1.28', 'unit-old.service'],
  'nginx-1.28': ['openssl-3.5.1', 'zlib-1.3'],
  'openssl-3.5.1': [],
  'openssl-3.5.1-bin': ['openssl-3.5.1'],
  'zlib-1.3': [],
  'pcre-8': [],
  'unit-old.service': ['nginx-1.28'],
});

test('a change is listed by package, with how many packages have it and what is left to do', () => {
  const desired = closureOf('b', {
    'nixos-system-web-26.05': ['nginx-1.28', 'curl-8.15', 'unit-new.service', 'unit-more-.service'],
    'nginx-1.28': ['openssl-3.5.2', 'zlib-1.3'],
    'curl-8.15': ['openssl-3.5.2'],
    'openssl-3.5.2': [],
    'openssl-3.5.2-bin': ['openssl-3.5.2'],
    'zlib-1.3': [],
    'unit-new.service': ['curl-8.15'],
    'unit-more-.service': ['openssl-3.5.2'],
  });
  const change = changeBetween(old, desired);
  assert.deepEqual(describeClosure(change, { work: { builds: 3, fetches: 1, download: 5 * 2 ** 20 } }), [
    'as built: 1 package changes version, 1 package is added, 1 package is removed, 2 files and units are added, 1 file or unit is removed, 2 paths are rebuilt',
    '~ openssl: 3.5.1 → 3.5.2, in 2 packages',
    '+ curl 8.15',
    '- pcre 8',
    '+ unit-more-.service',
    '+ unit-new.service',
    '- unit-old.service',
    'to build: 3 derivations; to fetch: 1 path, 5 MiB; to copy: 8 paths, 8 MiB',
  ]);
  const short = describeClosure(change, { limit: 2, files: false });
  assert.deepEqual(short.slice(1), [
    '~ openssl: 3.5.1 → 3.5.2, in 2 packages',
    '+ curl 8.15',
    '… and 1 more',
    'to copy: 8 paths, 8 MiB',
  ]);
  assert.deepEqual(asLines(change.packages), [
    'curl: ∅ → 8.15',
    'nixos-system-web: 25.11 → 26.05',
    'openssl: 3.5.1 → 3.5.2',
    'pcre: 8 → ∅',
    'unit-more: ∅ → .service',
    'unit-new.service: ∅ → ε',
    'unit-old.service: ε → ∅',
  ]);
});

test('what is only expected or probable is said so', () => {
  const expected = closureOf('b', { 'nixos-system-web-26.05': ['curl-8.15'] }, 'expected');
  const probable = closureOf('b', { 'curl-8.15': [], 'tool-1': [] }, 'probable');
  const desired = new Map([...expected, ...probable, ...closureOf('b', { 'zlib-1.4': [] }, 'known')]);
  const sizeless = new Map([...desired].map(([path, { narSize: _, ...rest }]) => [path, rest]));
  const change = changeBetween(closureOf('a', { 'zlib-1.3': [], 'tool-1': [] }), sizeless, { vague: true });
  assert.deepEqual(describeClosure(change), [
    'expected: 1 package changes version, 1 package is added, 1 path is rebuilt',
    '~ zlib: 1.3 → 1.4',
    '+ curl 8.15, probably',
    'new dependencies of rebuilt packages are not predicted: this computer lacks the derivations of the live system',
    'to copy: 4 paths of unknown size',
  ]);
});

test('several versions, and a path without one beside another with one', () => {
  const before = closureOf('a', { 'llvm-18': [], 'llvm-19': [], tool: [] });
  const after = closureOf('b', { 'llvm-19': [], 'llvm-20': [], 'llvm-21': [], 'tool-2': [] });
  assert.deepEqual(describeClosure(changeBetween(before, after)).slice(1, 3), [
    '~ llvm: 18 → 20, 21',
    '~ tool: ε → 2',
  ]);
});

test('a system that differs by its own path alone has no changes', () => {
  const [before, after] = ['a', 'b'].map((label) => ({
    ...Object.fromEntries([[`nixos-system-web-${label}`, ['zlib-1.3']]]),
    'zlib-1.3': [],
  }));
  const shared = closureOf('a', { 'zlib-1.3': [] });
  const desired = new Map([...closureOf('b', after ?? {}), ...shared]);
  desired.delete(storePath('zlib-1.3', 'b'));
  assert.deepEqual(describeClosure(changeBetween(closureOf('a', before ?? {}), desired)), []);
});
