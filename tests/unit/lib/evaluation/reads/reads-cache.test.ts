import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findReads, keepReads } from '../../../../../lib/evaluation/reads/reads-cache.ts';
import type { ReadRecord } from '../../../../../lib/evaluation/reads/validity.ts';

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-reads-'));
before(() => {
  process.env.XDG_CACHE_HOME = folder;
});
after(() => rmSync(folder, { recursive: true }));

const key = ['host'];
const record = (names: string, files: ReadRecord['files']): ReadRecord => ({
  facts: names,
  drvPath: `/nix/store/${names}.drv`,
  whole: false,
  names,
  files,
  attributes: {},
});
const state = (names: string, contents: Record<string, string>) => ({
  names,
  content: (path: string) => contents[path],
  attribute: () => undefined,
});

test('the nearest record has the fewest changes, and is the newest where names differ', async () => {
  await keepReads(key, record('first', { one: ['1', true] }), []);
  const { records } = await findReads(key, state('first', { one: '1' }));
  await keepReads(key, record('second', { one: ['1', true], two: ['2', true] }), records);

  const nearest = async (names: string, contents: Record<string, string>) =>
    (await findReads(key, state(names, contents))).nearest?.names;
  // The second has more that differs, but is what was evaluated last.
  assert.equal(await nearest('third', { one: '1' }), 'second');
  assert.equal(await nearest('first', { one: 'edited', two: '2' }), 'first');
  assert.equal(await nearest('second', { one: 'edited', two: 'edited' }), 'second');
});
