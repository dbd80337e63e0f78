/** Signatures in a cache in a folder, with real Nix. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { pushClosures } from '../../lib/store/caches/push.ts';
import type { KeyPair } from '../../lib/store/nix/key-format.ts';
import { generateSigningKey } from '../../lib/store/nix/signing-key.ts';
import { cacheStore } from '../../provider/resources/cache-store/cache-store.ts';
import { RolloutRun } from '../../provider/rollout/rollout-run.ts';
import { cacheStoreInputs } from '../../schema/cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-cache-'));
after(() => rmSync(folder, { recursive: true }));

let store: string;
let path: string;
let one: KeyPair;
let two: KeyPair;
const lines: string[] = [];
const context = {
  urn: 'urn:pulumi:test::fleet::nixos:index:CacheStore::main',
  name: 'main',
  signal: new AbortController().signal,
  rollout: new RolloutRun(async () => {}),
  status: () => {},
  log: (_: string, line: string) => void lines.push(line),
};
const inputs = (key: KeyPair, more = {}) => cacheStoreInputs.parse({ name: 'main', store, ...key, ...more });
const signers = () => [...narinfo().matchAll(/^Sig: ([^:]+):/gm)].map((match) => match[1]).sort();

function narinfo(text?: string): string {
  const file = readdirSync(store.slice('file://'.length)).find((name) => name.endsWith('.narinfo')) ?? '';
  const place = join(store.slice('file://'.length), file);
  if (text !== undefined) writeFileSync(place, text);
  return readFileSync(place, 'utf8');
}

beforeEach(async () => {
  store = `file://${mkdtempSync(join(folder, 'store-'))}`;
  writeFileSync(join(folder, 'thing'), store);
  path = (await run('nix-store', ['--add', join(folder, 'thing')], { timeoutSeconds: 60 })).stdout.trim();
  one = await generateSigningKey('one-1');
  two = await generateSigningKey('two-1');
});

const push = (key: KeyPair) => pushClosures({ store: { uri: store }, paths: [path], key });
const rotate = async (more = {}) => {
  const { id, state } = await cacheStore.create(inputs(one), context);
  return await cacheStore.update({ id, inputs: inputs(one), state }, inputs(two, more), context);
};

test('paths signed by the old key are signed by the new one too', async () => {
  assert.equal((await push(one)).get(path)?.paths, 1);
  assert.deepEqual(signers(), ['one-1']);
  assert.match(narinfo(), /^Compression: zstd$/m);
  const { signedBy } = await rotate();
  assert.equal(signedBy, two.publicKey);
  assert.deepEqual(signers(), ['one-1', 'two-1']);
});

test('paths signed by a compromised key are not signed again until they are pushed again', async () => {
  await push(one);
  assert.equal((await rotate({ revokedKeys: [one.publicKey] })).signedBy, two.publicKey);
  assert.deepEqual(signers(), ['one-1']);
  await push(two);
  assert.deepEqual(signers(), ['one-1', 'two-1']);
});

test('a path with a forged signature of the old key is not signed', async () => {
  await push(one);
  narinfo(narinfo().replace(/^NarSize: .*/m, 'NarSize: 4096'));
  await rotate();
  assert.deepEqual(signers(), ['one-1']);
});

test('a cached path with other content is named and not signed', async () => {
  await push(one);
  const other = 'sha256:1c8cpw0l9nyzvh7pn1vj8yrf73kgpyrm9vidjf2dvmjgm3lid7qf';
  narinfo(
    narinfo()
      .replace(/^NarHash: .*/m, `NarHash: ${other}`)
      .replace(/^Sig: .*\n/m, ''),
  );
  assert.deepEqual((await push(one)).get(path)?.foreign, [path]);
  assert.deepEqual(signers(), []);
});

test('a cache that cannot be signed again keeps its key, with a warning', async () => {
  await push(one);
  const gone = 'https://127.0.0.1:1';
  const { id, state } = await cacheStore.create({ ...inputs(one), store: gone }, context);
  const { signedBy } = await cacheStore.update(
    { id, inputs: inputs(one), state },
    { ...inputs(two), store: gone },
    context,
  );
  assert.equal(signedBy, one.publicKey);
  assert.match(lines.at(-1) ?? '', /main is still signed by one-1 alone/);
});
