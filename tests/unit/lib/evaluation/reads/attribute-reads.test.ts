import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attributeReads,
  type Message,
  type Opened,
} from '../../../../../lib/evaluation/reads/attribute-reads.ts';

const read = (path: string): Message => ({ kind: 'read', path });
const end = (host: string): Message => ({ kind: 'end', host });
const opened = (...paths: string[]): Opened[] => paths.map((path) => (path === 'pulse' ? 'pulse' : { path }));

function filesOf(messages: readonly Message[], events: readonly Opened[]) {
  return Object.fromEntries(
    [...attributeReads(messages, events)].map(([host, { files }]) => [host, Object.fromEntries(files)]),
  );
}

test('what is read belongs to the host that needs it first, and perhaps to those after it', () => {
  const messages = [read('flake.nix'), read('a.nix'), end('a'), read('b.nix'), end('b')];
  const events = opened('pulse', 'a.txt', 'pulse', 'b.txt', 'pulse');
  assert.deepEqual(filesOf(messages, events), {
    a: { 'flake.nix': true, 'a.nix': true, 'a.txt': true },
    b: { 'flake.nix': false, 'a.nix': false, 'a.txt': false, 'b.nix': true, 'b.txt': true },
  });
});

test('what is opened before the evaluation begins, and by a host that failed, belongs to no host', () => {
  assert.deepEqual(filesOf([end('a')], opened('tree.txt', 'pulse', 'a.txt', 'pulse', 'failed.txt')), {
    a: { 'a.txt': true },
  });
});

test('where the end of a host is lost, each host has read all that was opened', () => {
  const all = { 'a.txt': true, 'b.txt': true };
  const found = filesOf([end('a'), end('b')], opened('pulse', 'a.txt', 'b.txt', 'pulse'));
  assert.deepEqual(Object.keys(found.a ?? {}), Object.keys(all));
  assert.deepEqual(Object.keys(found.b ?? {}), Object.keys(all));
});

test('uses and derivations belong to a host and to those after it', () => {
  const messages: Message[] = [
    { kind: 'derivation', drvPath: '/nix/store/a.drv' },
    end('a'),
    { kind: 'use', name: 'rev' },
    end('b'),
    end('c'),
  ];
  const reads = attributeReads(messages, []);
  assert.deepEqual(
    [...reads.values()].map(({ uses }) => [...uses]),
    [[], ['rev'], ['rev']],
  );
  assert.ok([...reads.values()].every(({ derivations }) => derivations.has('/nix/store/a.drv')));
});
