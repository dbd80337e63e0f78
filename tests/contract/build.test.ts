import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ServiceError } from '@grpc/grpc-js';
import { type Derivation, instantiate, write } from './derivations.ts';
import { type Plain, ProviderProcess, urnOf } from './provider-process.ts';

/** System and Kernel with a real Nix, on derivations that no earlier run has built. */
const folder = mkdtempSync(join(tmpdir(), 'provider-build-'));
const gcRoots = join(folder, 'nixos-fleet/gcroots');
const token = 'nixos:index:System';
let provider: ProviderProcess;

before(async () => {
  provider = await ProviderProcess.start({ XDG_STATE_HOME: folder });
  await provider.configure();
});
after(async () => {
  await provider.end();
  rmSync(folder, { recursive: true });
});

const inputsOf = (host: string, derivation: Derivation): Plain => ({ host, ...derivation });

test('create builds and adds a root, update moves the root, delete removes it', async () => {
  const urn = urnOf(token, 'web');
  const [one, two] = [await instantiate('web-one', write('one')), await instantiate('web-two', write('two'))];
  assert.equal(existsSync(one.outPath), false);

  const created = await provider.create(urn, inputsOf('web', one));
  const root = join(gcRoots, 'fleet-dev-system-web');
  assert.deepEqual(created, { id: 'fleet-dev-system-web', state: { ...inputsOf('web', one), gcRoot: root } });
  assert.equal(readlinkSync(root), one.outPath);
  assert.equal(readFileSync(one.outPath, 'utf8'), 'one\n');

  const old = { id: created.id, inputs: inputsOf('web', one), state: created.state };
  const state = await provider.update(urn, old, inputsOf('web', two));
  assert.deepEqual(state, { ...inputsOf('web', two), gcRoot: root });
  assert.equal(readlinkSync(root), two.outPath);

  // Another run.
  await provider.configure();
  await provider.delete(urn, { id: created.id, inputs: inputsOf('web', two), state });
  assert.equal(existsSync(root), false);
  assert.equal(existsSync(two.outPath), true);
});

test('the root of a system that a run replaces stays for its successor', async () => {
  const urn = urnOf(token, 'replaced');
  const inputs = inputsOf('replaced', await instantiate('replaced', write('replaced')));
  const { id, state } = await provider.create(urn, inputs);
  await provider.configure();
  await provider.create(urn, inputs);
  await provider.delete(urn, { id, inputs, state });
  assert.ok(existsSync(join(gcRoots, 'fleet-dev-system-replaced')));
});

test('builds at the same time fail independently, each with its log', async () => {
  const names = ['good', 'bad', 'fine'];
  const derivations = await Promise.all(
    names.map((name) =>
      instantiate(`together-${name}`, name === 'bad' ? 'echo the reason is this; exit 3' : write(name)),
    ),
  );
  const outcomes = await Promise.allSettled(
    derivations.map((derivation, index) => {
      const name = names[index] ?? '';
      return provider.create(urnOf(token, name), inputsOf(name, derivation));
    }),
  );
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  const { details } = (outcomes[1] as PromiseRejectedResult).reason as ServiceError;
  assert.match(details, /^bad: .*\[build-failed\]/);
  assert.match(details, /the reason is this/);
  assert.match(details, /nix log/);
  assert.equal(existsSync(join(gcRoots, 'fleet-dev-system-bad')), false);
});

const besides = {
  Image: { configuration: 'far', attribute: 'system.build.image', file: '', system: '/nix/store/x' },
  Kernel: { version: '6.1', modDirVersion: '6.1', config: {}, patches: {} },
};

for (const [noun, inputs] of Object.entries(besides)) {
  test(`a machine does not wait for another’s ${noun} whose build does not end`, {
    timeout: 60_000,
  }, async () => {
    const own = await ProviderProcess.start({ XDG_STATE_HOME: folder });
    try {
      await own.configure();
      const [long, quick] = [
        await instantiate('long', 'while :; do :; done'),
        await instantiate('quick', write(`quick ${noun}`)),
      ];
      const ended: string[] = [];
      const building = own
        .create(urnOf(`nixos:index:${noun}`, 'far'), { ...inputs, ...long })
        .catch((error: ServiceError) => error.details)
        .then((how) => ended.push(String(how)));
      await own.create(urnOf(token, 'quick'), inputsOf('quick', quick));
      assert.deepEqual(ended, []);
      await own.cancel();
      await building;
      assert.match(ended.join(), /\[cancelled\]/);
    } finally {
      await own.end();
    }
  });
}

test('a cancel stops a build', { timeout: 60_000 }, async () => {
  const own = await ProviderProcess.start({ XDG_STATE_HOME: folder });
  try {
    await own.configure();
    const derivation = await instantiate('endless', 'echo begun; while :; do :; done');
    const building = own.create(urnOf(token, 'endless'), inputsOf('endless', derivation));
    const failed = building.then(
      () => assert.fail('it ended'),
      (error: ServiceError) => error,
    );
    await own.engine.until((line) => line.ephemeral && /endless/.test(line.message));
    await own.cancel();
    assert.match((await failed).details, /\[cancelled\]/);
  } finally {
    await own.end();
  }
});

test('a derivation that does not exist is a clear error', async () => {
  const hash = '0'.repeat(32);
  const inputs = { host: 'web', drvPath: `/nix/store/${hash}-no.drv`, outPath: `/nix/store/${hash}-no` };
  await assert.rejects(provider.create(urnOf(token, 'none'), inputs), (error: ServiceError) => {
    assert.match(error.details, /^web: /);
    assert.doesNotMatch(error.details, /\n\s+at /);
    return true;
  });
});
