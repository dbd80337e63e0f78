import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Collected } from '../../../lib/store/caches/retention/collect.ts';
import { retentionNote } from '../../../program/retention-notes.ts';

const now = new Date('2026-11-26T12:00:00Z');
const nothing: Collected = {
  systems: 1,
  keptPaths: 9,
  keptBytes: 9,
  freedPaths: 0,
  freedBytes: 0,
  freedSystems: 0,
  due: undefined,
};
const text = (found: Partial<Collected>) =>
  retentionNote('main', { ...nothing, ...found }, now).map((note) => note.text);

test('a preview shows what an up would free, and when more can be removed', () => {
  const due = new Date('2026-11-27T12:00:00Z');
  assert.deepEqual(text({ freedPaths: 34, freedBytes: 12.3 * 2 ** 20, freedSystems: 2 }), [
    'main: an up would free 34 paths, 12 MiB (of 2 systems)',
  ]);
  assert.deepEqual(text({ freedPaths: 1, freedBytes: 2 ** 20, freedSystems: 1, due }), [
    'main: an up would free 1 path, 1 MiB (of 1 system); unused paths can be removed from 2026-11-27T12:00:00.000Z on',
  ]);
});

test('there is no note where nothing can be removed', () => {
  assert.deepEqual(text({}), []);
  assert.deepEqual(text({ due: now }), []);
});
