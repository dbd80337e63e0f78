import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStackConfig } from '../../../program/config/parse-config.ts';
import { builders } from '../../../schema/builder.ts';
import { hostBuilders } from '../../../schema/host-builders.ts';

const declared = builders.parse({
  big: {
    address: 'big.example.org',
    hostKey: 'ssh-ed25519 AAAAbig root@big',
    identityFile: '~/.ssh/operator',
    machineUser: 'nix-ssh',
    systems: ['x86_64-linux', 'i686-linux'],
  },
  arm: {
    address: 'arm.example.org',
    hostKey: 'ssh-ed25519 AAAAarm',
    machineIdentityFile: '/var/lib/keys/build',
    systems: ['aarch64-linux', 'i686-linux'],
  },
});
const told = (host: Parameters<typeof hostBuilders>[0]) => hostBuilders(host, declared);

test('a machine is told how it logs in itself, and not how the operator does', () => {
  const { big, arm } = told({ address: 'web', builders: true }).told;
  assert.deepEqual([big?.user, big?.identityFile], ['nix-ssh', '/etc/ssh/ssh_host_ed25519_key']);
  assert.deepEqual([arm?.user, arm?.identityFile], ['root', '/var/lib/keys/build']);
  assert.ok(!('machineUser' in (big ?? {})));
});

test('only a machine that asks has builders, all of them or those it names', () => {
  assert.deepEqual(told({ address: 'web' }), { told: {}, problems: [] });
  assert.deepEqual(told({ address: 'web', builders: false }), { told: {}, problems: [] });
  assert.deepEqual(Object.keys(told({ address: 'web', builders: ['arm'] }).told), ['arm']);
});

test('a builder, known by its address or its host key, builds for its own systems itself', () => {
  for (const host of [
    { address: 'BIG.example.org' },
    { address: '10.0.0.9', hostKey: 'ssh-ed25519 AAAAbig' },
  ]) {
    const { told: its, problems } = told({ ...host, builders: true });
    // No i686 by way of the other one, which would hand it back.
    assert.deepEqual([Object.keys(its), its.arm?.systems], [['arm'], ['aarch64-linux']]);
    assert.deepEqual(problems, []);
  }
  const { problems } = told({ address: 'big.example.org', builders: ['big'] });
  assert.match(problems.join(), /big, whose systems this machine builds for by itself/);
});

test('a builder that is not declared is an error of the config', () => {
  const config = (hosts: object) => () =>
    parseStackConfig({ builders: JSON.stringify(declared), hosts: JSON.stringify(hosts) }, 'prod');
  assert.throws(config({ web: { builders: ['bog'] } }), /hosts\.web\.builders: names bog, which is none/);
  assert.doesNotThrow(config({ web: { builders: ['big'] } }));
  assert.throws(
    () => parseStackConfig({ hosts: '{"web":{"builders":true}}' }, 'prod'),
    /hosts\.web\.builders: needs the key builders/,
  );
});
