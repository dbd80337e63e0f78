import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sdk from '@pulumi/pulumi/runtime/rpc.js';
import { type Plain, ProviderProcess, urnOf } from './provider-process.ts';
import { samples } from './samples.ts';

let provider: ProviderProcess;
before(async () => {
  provider = await ProviderProcess.start({});
  await provider.configure();
});
after(() => provider.end());

const urn = urnOf('nixos:index:Secret');
const sample = samples['nixos:index:Secret'];
const marked = (value: string) => ({ [sdk.specialSigKey]: sdk.specialSecretSig, value });

test('a plain value is a secret after check, and not in a preview’s outputs', async () => {
  const { inputs, failures } = await provider.check(urn, { ...sample?.inputs, value: 'in the clear' });
  assert.deepEqual(failures, []);
  assert.deepEqual(inputs.value, marked('in the clear'));
  const { state } = await provider.create(urn, inputs, true);
  assert.doesNotMatch(JSON.stringify(state), /in the clear/);
});

test('a value that is not base64 is refused without being shown (faults 37, 49)', async () => {
  for (const value of ['!!!!', 'a password', 'abc', 'YWJj=', '====']) {
    const { failures } = await provider.check(urn, { ...sample?.inputs, encoding: 'base64', value });
    assert.deepEqual(failures, [{ property: 'value', reason: 'is not base64' }], value);
  }
  for (const value of ['YQ==', 'YWJj', 'YWJj\nYWI=\n']) {
    const { failures } = await provider.check(urn, { ...sample?.inputs, encoding: 'base64', value });
    assert.deepEqual(failures, [], value);
  }
});

test('a preview says that new content stays where the deployment after it rolls back (fault 37)', async () => {
  const inputs = { ...sample?.inputs, when: 'before' } as Plain;
  const old = { id: 'm:/run/keys/database', inputs, state: { ...sample?.state } as Plain };
  const note =
    /written before the deployment: if web rolls back, its previous system runs with the new content/;
  const notes = () => provider.engine.shown.filter(({ message }) => note.test(message)).length;
  await provider.diff(urn, old, { ...inputs, mode: '0440' });
  await provider.diff(urn, old, { ...inputs, value: 'other', when: 'after' });
  assert.equal(notes(), 0);
  await provider.diff(urn, old, { ...inputs, value: 'other' });
  assert.equal(notes(), 1);
});

test('the password of a connection is a secret however it was given, in every resource that has one', async () => {
  const connection = { address: '192.0.2.7', user: 'ops', becomePassword: 'in the clear' };
  for (const token of ['nixos:index:Secret', 'nixos:index:Deployment', 'nixos:index:Substituters'] as const) {
    // The sample's system has no such user.
    const allowed: Record<string, string[]> =
      token === 'nixos:index:Deployment' ? { allowLockout: ['user'] } : {};
    const checked = await provider.check(urnOf(token), { ...samples[token]?.inputs, ...allowed, connection });
    assert.deepEqual(checked.failures, []);
    const { becomePassword } = checked.inputs.connection as { becomePassword: object };
    assert.deepEqual(becomePassword, marked('in the clear'));
    const { state } = await provider.create(urnOf(token), checked.inputs, true);
    const kept = state.connection as { becomePassword: object };
    assert.deepEqual(kept.becomePassword, marked('in the clear'));
  }
});
