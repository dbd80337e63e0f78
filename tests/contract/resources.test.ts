import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sdk from '@pulumi/pulumi/runtime/rpc.js';
import { registry } from '../../provider/registry.ts';
import { withWholeInputs } from '../../schema/summarized.ts';
import { detailedDiff, type Plain, ProviderProcess, urnOf } from './provider-process.ts';
import { samples } from './samples.ts';

const secretOf = (value: Plain[string]) => ({ [sdk.specialSigKey]: sdk.specialSecretSig, value });

const folder = mkdtempSync(join(tmpdir(), 'provider-contract-'));
let provider: ProviderProcess;
before(async () => {
  // These tests start no other program and write nothing: PATH has only what starts the provider.
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  symlinkSync('/usr/bin/dirname', join(bin, 'dirname'));
  const state = join(folder, 'state');
  mkdirSync(state);
  // Compiled modules are kept in the cache.
  const cache = join(folder, 'cache');
  provider = await ProviderProcess.start({
    PATH: bin,
    XDG_STATE_HOME: state,
    XDG_CACHE_HOME: cache,
    HOME: state,
  });
  await provider.configure();
});
after(async () => {
  await provider.end();
  assert.deepEqual(readdirSync(join(folder, 'state')), []);
  rmSync(folder, { recursive: true });
});

test('there is a sample for each resource', () => {
  assert.deepEqual(Object.keys(samples).sort(), [...registry.keys()].sort());
});

for (const [token, sample] of Object.entries(samples)) {
  const urn = urnOf(token);

  describe(token, () => {
    test('check accepts valid inputs, and checking them again changes nothing', async () => {
      const { inputs, failures } = await provider.check(urn, sample.inputs);
      assert.deepEqual(failures, []);
      const whole = withWholeInputs(inputs);
      for (const [key, value] of Object.entries(sample.inputs)) assert.deepEqual(whole[key], value, key);
      assert.deepEqual((await provider.check(urn, inputs)).inputs, inputs);
    });

    test('check names every bad property, all together', async () => {
      const { failures } = await provider.check(urn, sample.bad);
      const named = failures.map((failure) => failure.property);
      for (const property of sample.badProperties)
        assert.ok(named.includes(property), `${property} in ${named}`);
      for (const { reason } of failures) assert.notEqual(reason, '');
    });

    test('the same inputs are no change', async () => {
      const diff = await provider.diff(urn, sample, sample.inputs);
      assert.equal(diff.getChanges(), 1);
      assert.deepEqual(detailedDiff(diff), {});
    });

    test('other inputs are shown at their leaves, and a second diff is the same', async () => {
      const first = await provider.diff(urn, sample, sample.changed);
      assert.equal(first.getChanges(), sample.silent ? 1 : 2);
      const paths = Object.keys(detailedDiff(first));
      for (const path of sample.paths) assert.ok(paths.includes(path), `${path} in ${paths}`);
      const second = await provider.diff(urn, sample, sample.changed);
      assert.deepEqual(detailedDiff(second), detailedDiff(first));
    });

    test('an unknown input goes through check, diff and preview', async () => {
      const [key = ''] = Object.keys(sample.inputs);
      const open = { ...sample.inputs, [key]: sdk.unknownValue };
      const { inputs, failures } = await provider.check(urn, open);
      assert.deepEqual(failures, []);
      assert.equal(inputs[key], sdk.unknownValue);
      await provider.diff(urn, sample, inputs);
      const { state } = await provider.create(urn, inputs, true);
      assert.equal(state[key], sdk.unknownValue);
    });

    test('a secret input stays secret in checked inputs and in the outputs', async () => {
      const [key = ''] = Object.keys(sample.inputs);
      const secret = { ...sample.inputs, [key]: secretOf(sample.inputs[key] as string) };
      const { inputs, failures } = await provider.check(urn, secret);
      assert.deepEqual(failures, []);
      assert.deepEqual(inputs[key], secret[key]);
      const { state } = await provider.create(urn, inputs, true);
      assert.deepEqual(state[key], secret[key]);
    });

    test('a preview creates and updates nothing, and names every output', async () => {
      const created = await provider.create(urn, sample.inputs, true);
      assert.equal(created.id, '');
      const updated = await provider.update(urn, { id: 'some-id', ...sample }, sample.changed, true);
      for (const key of Object.keys(sample.state)) {
        assert.ok(key in created.state, key);
        assert.ok(key in updated, key);
      }
      assert.deepEqual(readdirSync(join(folder, 'state')), []);
    });

    test('an import of an invalid ID is a clear error', async () => {
      for (const id of sample.badIds) {
        await assert.rejects(provider.read(urn, id), (error: Error & { details: string }) => {
          assert.match(error.details, /fix: {2}/);
          assert.doesNotMatch(error.details, /\n\s+at /);
          return true;
        });
      }
    });
  });
}
