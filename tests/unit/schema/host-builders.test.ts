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
const of = (host: Parameters<typeof hostBuilders>[0]) => hostBuilders(host, declared);

test('builders for a machine log in as the machine does, not as the operator', () => {
  const { big, arm } = of({ address: 'web', builders: true }).usable;
  assert.deepEqual([big?.user, big?.identityFile], ['nix-ssh', '/etc/ssh/ssh_host_ed25519_key']);
  assert.deepEqual([arm?.user, arm?.identityFile], ['root', '/var/lib/keys/build']);
  assert.ok(!('machineUser' in (big ?? {})));
});

test('only a machine that asks has builders, all of them or those it names', () => {
  assert.deepEqual(of({ address: 'web' }), { usable: {}, problems: [] });
  assert.deepEqual(of({ address: 'web', builders: false }), { usable: {}, problems: [] });
  assert.deepEqual(Object.keys(of({ address: 'web', builders: ['arm'] }).usable), ['arm']);
});

test('a builder, known by its address or its host key, builds for its own systems itself', () => {
  for (const host of [
    { address: 'BIG.example.org' },
    { address: '10.0.0.9', hostKey: 'ssh-ed25519 AAAAbig' },
  ]) {
    const { usable: its, problems } = of({ ...host, builders: true });
    // No i686 by way of the other one, which would hand it back.
    assert.deepEqual([Object.keys(its), its.arm?.systems], [['arm'], ['aarch64-linux']]);
    assert.deepEqual(problems, []);
  }
  const { problems } = of({ address: 'big.example.org', builders: ['big'] });
  assert.match(problems.join(), /big, whose systems this machine builds for by itself/);
});

test('a builder that is not declared is an error of the config', () => {
  const config = (hosts: object) => () =>
    parseStackConfig({ builders: JSON.stringify(declared), hosts: JSON.stringify(hosts) }, 'prod');
  assert.throws(
    config({ web: { builders: ['bog'] } }),
    /hosts\.web\.builders: names bog, which is not in builders/,
  );
  assert.doesNotThrow(config({ web: { builders: ['big'] } }));
  assert.throws(
    () => parseStackConfig({ hosts: '{"web":{"builders":true}}' }, 'prod'),
    /hosts\.web\.builders: needs the key builders/,
  );
});
