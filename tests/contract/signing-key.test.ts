import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import sdk from '@pulumi/pulumi/runtime/rpc.js';
import { withKeyFile } from '../../lib/store/nix/signing-key.ts';
import { signingKey } from '../../provider/resources/signing-key/signing-key.ts';
import { RolloutRun } from '../../provider/rollout/rollout-run.ts';
import { signingKeyInputs } from '../../schema/signing-key.ts';
import { ProviderProcess, urnOf } from './provider-process.ts';

const context = {
  urn: 'urn:pulumi:test::fleet::nixos:index:SigningKey::main',
  name: 'main',
  signal: new AbortController().signal,
  rollout: new RolloutRun(async () => {}),
  status: () => {},
  log: () => {},
};
const keyInputs = (name: string) => signingKeyInputs.parse({ name });

test('a key is created and rotated step by step, and the state then lacks the old secret', async () => {
  const { id, state } = await signingKey.create(keyInputs('cache-1'), context);
  assert.equal(state.publicKey, id);
  assert.match(state.secretKey, /^cache-1:/);
  const begun = await signingKey.update(
    { id, inputs: keyInputs('cache-1'), state },
    keyInputs('cache-2'),
    context,
  );
  assert.equal(begun.publicKey, state.publicKey);
  assert.deepEqual(begun.trustedKeys, [state.publicKey, begun.nextPublicKey]);
  const inputs = keyInputs('cache-2');
  assert.deepEqual(Object.keys(signingKey.diff({ id, inputs, state: begun }, inputs).detailed), ['phase']);
  const signs = await signingKey.update({ id, inputs, state: begun }, inputs, context);
  assert.deepEqual([signs.publicKey, signs.phase], [begun.nextPublicKey, 'sign-with-new']);
  const done = await signingKey.update({ id, inputs, state: signs }, inputs, context);
  assert.deepEqual([done.trustedKeys, done.phase], [[signs.publicKey], 'stable']);
  assert.doesNotMatch(JSON.stringify(done), new RegExp(state.secretKey.slice(8, 40).replace(/[+]/g, '\\+')));
  assert.equal(signingKey.diff({ id, inputs, state: done }, inputs).changes, false);
});

test('a compromised key is replaced at once', async () => {
  const { id, state } = await signingKey.create(keyInputs('cache-1'), context);
  const now = { ...keyInputs('cache-2'), rotation: 'at-once' as const };
  const after = await signingKey.update({ id, inputs: keyInputs('cache-1'), state }, now, context);
  assert.deepEqual([after.trustedKeys, after.phase], [[after.publicKey], 'stable']);
  assert.deepEqual(after.revokedKeys, [state.publicKey]);
  assert.match(after.publicKey, /^cache-2:/);
});

test('a machine that cannot be reached delays the rotation', async () => {
  const { id, state } = await signingKey.create(keyInputs('cache-1'), context);
  const consumers = { off: { address: 'nowhere.invalid', user: 'root', connectTimeoutSeconds: 1 } };
  const inputs = { ...keyInputs('cache-2'), consumers };
  const begun = await signingKey.update({ id, inputs: keyInputs('cache-1'), state }, inputs, context);
  const lines: string[] = [];
  const log = (_: string, line: string) => void lines.push(line);
  const later = await signingKey.update({ id, inputs, state: begun }, inputs, { ...context, log });
  assert.deepEqual(
    [later.phase, later.waitingFor, later.publicKey],
    ['trust-both', ['off'], state.publicKey],
  );
  assert.match(lines.join(), /the rotation to cache-2 waits: off could not be reached \[unreachable\]/);
});

test('a key is imported from a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-key-test-'));
  try {
    const { state } = await signingKey.create(keyInputs('cache-7'), context);
    writeFileSync(join(folder, 'key'), `${state.secretKey}\n`);
    const found = await signingKey.read(join(folder, 'key'), undefined, context);
    assert.equal(found?.id, state.publicKey);
    assert.deepEqual([found?.inputs, found?.state], [keyInputs('cache-7'), state]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the key file for Nix is readable by its owner only, and removed afterwards', async () => {
  let folder = '';
  await assert.rejects(
    withKeyFile('cache-1:secret', async (file) => {
      folder = dirname(file);
      assert.deepEqual([statSync(file).mode & 0o777, statSync(folder).mode & 0o777], [0o600, 0o700]);
      throw new Error('it failed');
    }),
    /it failed/,
  );
  assert.ok(!readdirSync(dirname(folder)).includes(folder.split('/').at(-1) ?? ''));
});

test('the key file of a killed process is removed by the next one (fault 33)', async () => {
  const module = new URL('../../lib/store/nix/signing-key.ts', import.meta.url).href;
  const program = `import { withKeyFile } from '${module}';
await withKeyFile('cache-1:secret', (file) => new Promise(() => { console.log(file); setInterval(() => {}, 1000); }));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const file = String(line).trim();
  await withKeyFile('cache-1:other', async () => assert.ok(existsSync(file), 'while it runs'));
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  assert.ok(existsSync(file));
  await withKeyFile('cache-1:other', async () => assert.ok(!existsSync(dirname(file))));
});

test('the engine gets the secret key as a secret, and the public key in plain text', async () => {
  const provider = await ProviderProcess.start({});
  try {
    await provider.configure();
    const { id, state } = await provider.create(urnOf('nixos:index:SigningKey'), keyInputs('cache-1'));
    assert.equal(state.publicKey, id);
    const { [sdk.specialSigKey]: mark, value } = state.secretKey as Record<string, unknown>;
    assert.equal(mark, sdk.specialSecretSig);
    assert.match(String(value), /^cache-1:/);
  } finally {
    await provider.end();
  }
});
