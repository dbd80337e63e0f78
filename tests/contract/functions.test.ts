/** Functions of the provider, called like the engine does. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { evaluateResult } from '../../schema/provider-functions.ts';
import { ProviderProcess } from './provider-process.ts';

const flake = join(import.meta.dirname, '../fixtures/recorded/flake');
let provider: ProviderProcess;

before(async () => {
  provider = await ProviderProcess.start();
});
after(() => provider.end());

test('evaluate returns facts and derivations, and the error of a machine that cannot be evaluated', async () => {
  const { result, failures } = await provider.invoke('nixos:index:evaluate', {
    flake: `path:${flake}`,
    hosts: { shop: 'web', db: 'db', lost: 'nowhere' },
  });
  assert.deepEqual(failures, []);
  const { hosts, errors, kernels } = evaluateResult.parse(result);
  assert.deepEqual(Object.keys(hosts).sort(), ['db', 'shop']);
  assert.match(hosts.shop?.outPath ?? '', /^\/nix\/store\//);
  assert.equal(JSON.parse(hosts.shop?.facts ?? '').platform, 'x86_64-linux');
  assert.ok(hosts.shop?.kernel === undefined || hosts.shop.kernel in kernels);
  assert.deepEqual(Object.keys(errors), ['lost']);
  assert.match(errors.lost ?? '', /nowhere/);
});

test('arguments of another shape are named by their path', async () => {
  const evaluated = await provider.invoke('nixos:index:evaluate', {
    flake: 7,
    hosts: { web: '' },
    host: 'web',
  });
  assert.deepEqual(evaluated.failures.map((failure) => failure.split(':', 1)[0]).sort(), [
    'flake',
    'host',
    'hosts.web',
  ]);
  const machine = await provider.invoke('nixos:index:machine', { connection: { user: 'root' } });
  assert.deepEqual(machine.failures, ['connection.address: is needed, unless local is true']);
});

test('machine reports why it cannot read a machine, without the password', async () => {
  const connection = { address: '127.0.0.1', port: 1, user: 'me', becomePassword: 'hush-hush' };
  await assert.rejects(
    provider.invoke('nixos:index:machine', { connection }),
    ({ details }: { details: string }) => {
      assert.match(details, /127\.0\.0\.1: .*\[unreachable\]/);
      assert.doesNotMatch(details, /hush-hush/);
      return true;
    },
  );
});
