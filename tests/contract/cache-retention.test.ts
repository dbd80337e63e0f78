/** Retention of a cache in a folder, with real Nix. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { FleetError } from '../../lib/base/errors.ts';
import { run } from '../../lib/base/process/run.ts';
import { collect, previewCollection } from '../../lib/store/caches/retention/collect.ts';
import { readRootsRecord, recordFile } from '../../lib/store/caches/retention/folder.ts';
import { withFolderLock } from '../../lib/store/caches/retention/lock.ts';
import { giveUpMachine, pushRecorded } from '../../lib/store/caches/retention/push-recorded.ts';
import type { KeyPair } from '../../lib/store/nix/key-format.ts';
import { generateSigningKey } from '../../lib/store/nix/signing-key.ts';
import { keep } from '../../schema/cache-retention.ts';

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-retention-'));
after(() => rmSync(folder, { recursive: true }));
const place = (machine: string) => ({ project: 'fleet', stack: 'prod', machine });
let key: KeyPair;
let cache: string;
let systems: string[];

/** Nix expression of a derivation that prints words; store paths in them are its references. */
const printing = (name: string, words: string) =>
  `(derivation { name = "${name}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo ${words} >$out" ]; })`;

async function built(expression: string): Promise<string[]> {
  const args = ['build', '--impure', '--no-link', '--print-out-paths', '--expr', expression];
  return (await run('nix', args, { timeoutSeconds: 120 })).stdout.trim().split('\n');
}

before(async () => {
  key = await generateSigningKey('test-1');
  // Three generations with a shared library and a file each.
  const one = (n: number) =>
    printing(`generation-${n}`, `${n} \${library} \${${printing(`own-${n}`, `own ${n}`)}}`);
  systems = await built(
    `let library = ${printing('library', 'library')}; in [ ${[1, 2, 3].map(one).join(' ')} ]`,
  );
});

beforeEach(async () => {
  cache = mkdtempSync(join(folder, 'cache-'));
  for (const path of systems) await push(path);
});

async function push(path: string, machine = 'web'): Promise<void> {
  const request = { store: { uri: `file://${cache}` }, paths: [path], key };
  await pushRecorded(request, [{ ...place(machine), path }]);
}

const request = (
  has: string[],
  rules: Parameters<typeof keep.parse>[0] = { generations: 1, graceHours: 0 },
) => ({
  folder: cache,
  project: 'fleet',
  stack: 'prod',
  keep: keep.parse(rules),
  machines: { web: { systems: [], has } },
  // File times are finer than this clock.
  now: new Date(Date.now() + 1000),
});
const system = (n: number) => systems[n - 1] ?? '';
const narinfos = () => readdirSync(cache).filter((file) => file.endsWith('.narinfo'));
const packed = () => readdirSync(join(cache, 'nar'));
/** Whether a whole closure can be fetched from the cache into an empty store. */
async function isWhole(path: string): Promise<boolean> {
  const store = mkdtempSync(join(folder, 'store-'));
  const args = ['copy', '--no-check-sigs', '--from', `file://${cache}`, '--to', store, path];
  return (await run('nix', args, { timeoutSeconds: 60 }).catch(() => undefined)) !== undefined;
}

test('a machine’s systems and the newest pushes can be fetched; the rest is removed, and its size reported', async () => {
  assert.deepEqual([narinfos().length, packed().length], [7, 7]);
  const inputs = request([system(1)]);
  const would = await previewCollection(inputs);
  assert.equal(narinfos().length, 7, 'a preview removes nothing');
  const done = await collect(inputs);
  assert.deepEqual(done, would);
  assert.deepEqual([done.freedPaths, done.freedSystems, done.systems, done.keptPaths], [2, 1, 2, 5]);
  assert.ok(done.freedBytes > 0 && done.keptBytes > done.freedBytes);
  assert.deepEqual([narinfos().length, packed().length], [5, 5]);
  assert.deepEqual(
    [await isWhole(system(1)), await isWhole(system(2)), await isWhole(system(3))],
    [true, false, true],
  );
  // A second run removes nothing.
  assert.equal((await collect(inputs)).freedPaths, 0);
  // Removed paths can be pushed again.
  await push(system(2));
  assert.ok(await isWhole(system(2)));
});

test('unneeded paths are removed by a later run, unless they are needed again by then', async () => {
  const rules = { generations: 1, graceHours: 1 };
  const first = await collect(request([], rules));
  assert.deepEqual([first.freedPaths, narinfos().length], [0, 7]);
  assert.ok(first.due && first.due > new Date(), 'has the time of the removal');
  const later = { ...request([system(1)], rules), now: new Date(Date.now() + 2 * 3_600_000) };
  assert.equal((await collect(later)).freedPaths, 2);
  assert.deepEqual([await isWhole(system(1)), await isWhole(system(2))], [true, false]);
});

test('paths pushed by others stay with their closures, unless others is false', async () => {
  const [path = ''] = await built(printing('other', `\${builtins.storePath "${system(1)}"}`));
  await run('nix', ['copy', '--to', `file://${cache}`, path], { timeoutSeconds: 60 });
  await collect(request([]));
  assert.deepEqual([await isWhole(path), await isWhole(system(2))], [true, false]);
  await collect(request([], { generations: 1, graceHours: 0, others: false }));
  assert.deepEqual([await isWhole(path), await isWhole(system(3))], [false, true]);
});

test('nothing is removed from a cache without a record', async () => {
  rmSync(join(cache, 'nixos-fleet'), { recursive: true });
  assert.equal((await collect(request([]))).freedPaths, 0);
  assert.equal(narinfos().length, 7);
});

test('systems that another stack pushed stay until that stack drops the machine', async () => {
  const theirs = { ...place('db'), stack: 'other' };
  await pushRecorded({ store: { uri: `file://${cache}` }, paths: [system(1)], key }, [
    { ...theirs, path: system(1) },
  ]);
  await collect(request([]));
  assert.deepEqual([await isWhole(system(1)), await isWhole(system(2))], [true, false]);
  await giveUpMachine(`file://${cache}`, theirs);
  await collect(request([]));
  assert.equal(await isWhole(system(1)), false);
  assert.equal(existsSync(join(cache, recordFile(theirs))), false);
});

test('pushes share the lock, and a removal excludes them', async () => {
  const refused = (error: FleetError) =>
    error.code === 'cache-failed' && /cannot lock the cache/.test(error.message);
  const both: string[] = [];
  await withFolderLock(cache, { mode: 'shared', waitSeconds: 0 }, async () => {
    await withFolderLock(cache, { mode: 'shared', waitSeconds: 0 }, async () => void both.push('second'));
    const removal = withFolderLock(
      cache,
      { mode: 'exclusive', waitSeconds: 0 },
      async () => void both.push('third'),
    );
    await assert.rejects(removal, refused);
  });
  await withFolderLock(cache, { mode: 'exclusive', waitSeconds: 0 }, async () => {
    await assert.rejects(
      withFolderLock(cache, { mode: 'shared', waitSeconds: 0 }, async () => void both.push('fourth')),
      refused,
    );
  });
  assert.deepEqual(both, ['second']);
  await collect(request([]));
});

test('a record that cannot be read stops every removal', async () => {
  const file = join(cache, recordFile({ ...place('web'), stack: 'newer' }));
  await pushRecorded({ store: { uri: `file://${cache}` }, paths: [system(1)], key }, [
    { ...place('web'), stack: 'newer', path: system(1) },
  ]);
  writeFileSync(file, '{"version":2}');
  await assert.rejects(
    collect(request([])),
    /cannot read .*, the record of what a machine needs from the cache/,
  );
  assert.equal(narinfos().length, 7);
});

test('a recent path is not removed, and its system is removed later', async () => {
  const rules = { generations: 1, graceHours: 1 };
  await collect(request([], rules));
  for (const file of narinfos())
    utimesSync(join(cache, file), new Date(), new Date(Date.now() + 2 * 3_600_000));
  const later = { ...request([], rules), now: new Date(Date.now() + 2 * 3_600_000) };
  const held = await collect(later);
  assert.deepEqual([held.freedPaths, held.due !== undefined], [0, true]);
  assert.equal((await readRootsRecord(join(cache, recordFile(place('web'))))).pushed.length, 3);
  const last = { ...request([], rules), now: new Date(Date.now() + 4 * 3_600_000) };
  assert.equal((await collect(last)).freedPaths, 4);
});
