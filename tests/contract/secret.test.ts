import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sdk from '@pulumi/pulumi/runtime/rpc.js';
import { detailedDiff, type Plain, ProviderProcess, urnOf } from './provider-process.ts';
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

test('many secrets: each value is a secret of its own, and a preview names those that change, not their values', async () => {
  const many = urnOf('nixos:index:Secrets');
  const { inputs: desired, state } = samples['nixos:index:Secrets'] as { inputs: Plain; state: Plain };
  const files = desired.files as Record<string, Plain>;
  const values = { database: 'in the clear', 'tls-key': 'aHVzaA==' };
  const { inputs, failures } = await provider.check(many, { ...desired, values });
  assert.deepEqual(failures, []);
  assert.deepEqual(inputs.values, { database: marked('in the clear'), 'tls-key': marked('aHVzaA==') });
  const created = await provider.create(many, inputs, true);
  assert.doesNotMatch(JSON.stringify(created.state), /in the clear|aHVzaA/);

  const recorded = { id: 'm:a1b2', inputs: desired, state };
  const next = {
    ...inputs,
    when: 'before',
    files: { database: files.database, extra: { ...files.database, path: '/run/keys/extra' } },
    values: { database: marked('in the clear'), extra: marked('also new') },
  };
  const diff = await provider.diff(many, recorded, next as unknown as Plain);
  const paths = Object.keys(detailedDiff(diff));
  assert.ok(paths.includes('values.database') && paths.includes('values.extra'), paths.join(' '));
  const shown = provider.engine.shown.map(({ message }) => message).join('\n');
  assert.match(shown, /secrets of web: new: extra; with new content: database; removed: tls-key/);
  assert.match(shown, /the secrets of web are written before the deployment: if it rolls back/);
  assert.doesNotMatch(shown + JSON.stringify(detailedDiff(diff)), /in the clear|also new|hush-hush/);
});

test('many secrets: a missing value, a value without a file and a path that two share are refused by name', async () => {
  const many = urnOf('nixos:index:Secrets');
  const { inputs: desired } = samples['nixos:index:Secrets'] as { inputs: Plain };
  const files = desired.files as Record<string, Plain>;
  const { failures } = await provider.check(many, {
    ...desired,
    files: { ...files, same: files.database },
    values: { 'tls-key': '!!!!', same: 'x', other: 'y' },
  } as unknown as Plain);
  assert.deepEqual(Object.fromEntries(failures.map(({ property, reason }) => [property, reason])), {
    'values.database': 'is missing',
    'values.tls-key': 'is not base64',
    'files.same.path': 'is the path of database, too',
    'files.other': 'is missing',
  });
  const large = await provider.check(many, {
    ...desired,
    files: Object.fromEntries(
      Array.from({ length: 17 }, (_, n) => [`f${n}`, { ...files.database, path: `/run/keys/f${n}` }]),
    ),
    values: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`f${n}`, 'x'.repeat(2 ** 20)])),
  } as unknown as Plain);
  assert.match(JSON.stringify(large.failures), /17 MiB: at most 16 MiB/);
});
