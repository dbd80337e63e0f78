import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Names, packageName, parseName, versionless } from '../../../../../lib/evaluation/closure/names.ts';

const path = (name: string, hash = 'a') => `/nix/store/${hash.repeat(32)}-${name}`;

test('names are parsed as by builtins.parseDrvName', () => {
  const cases: [string, string, string][] = [
    ['openssl-3.5.1', 'openssl', '3.5.1'],
    ['glibc-2.40-66', 'glibc', '2.40-66'],
    ['python3.12-foo-1.0', 'python3.12-foo', '1.0'],
    ['nix-info', 'nix-info', ''],
    ['ends-with-', 'ends-with-', ''],
    ['stage-2-init.sh', 'stage', '2-init.sh'],
  ];
  for (const [whole, name, version] of cases) assert.deepEqual(parseName(whole), { name, version });
});

test('the last word of a path’s name is the output’s, as for nix store diff-closures', () => {
  assert.deepEqual(packageName(path('openssl-3.5.1-dev')), { name: 'openssl', version: '3.5.1' });
  assert.deepEqual(packageName(path('gcc-14.3.0-lib32')), { name: 'gcc', version: '14.3.0' });
  assert.deepEqual(packageName(path('unit-script-hello-start')), { name: 'unit-script-hello', version: '' });
  assert.deepEqual(packageName(path('unit-getty-.service')), { name: 'unit-getty', version: '.service' });
});

test('versions of a package have one name, its outputs have several', () => {
  const same: [string, string][] = [
    ['openssl-3.5.1-bin', 'openssl-3.6.0-bin'],
    ['glibc-2.40-66', 'glibc-2.41-7'],
    ['foo-1.2', 'foo-0-unstable-2026-01-02'],
    ['python3.12-foo-1.0', 'python3.13-foo-1.1'],
    ['linux-6.12.5-modules', 'linux-6.18-modules'],
    ['xz-5.8.3.tar.xz', 'xz-5.9.tar.xz'],
  ];
  for (const [a, b] of same) assert.equal(versionless(path(a)), versionless(path(b)));
  const different: [string, string][] = [
    ['openssl-3.5.1', 'openssl-3.5.1-bin'],
    ['linux-6.12.5', 'linux-6.12.5-modules'],
    ['xz-5.8.3', 'xz-5.8.3.tar.xz'],
    ['unit-a.service', 'unit-b.service'],
  ];
  for (const [a, b] of different) assert.notEqual(versionless(path(a)), versionless(path(b)));
});

test('a path is like itself, else like those of its name, else like other versions', () => {
  const names = new Names([path('a-1'), path('a-2'), path('a-2', 'b')]);
  assert.deepEqual(names.like(path('a-2')), [path('a-2')]);
  assert.deepEqual(names.like(path('a-2', 'c')), [path('a-2'), path('a-2', 'b')]);
  assert.deepEqual(names.like(path('a-3')), [path('a-1'), path('a-2'), path('a-2', 'b')]);
  assert.deepEqual(names.like(path('b-3')), []);
});
