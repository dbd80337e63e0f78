import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostSettings } from '../../../../program/config/hosts.ts';
import { rolloutPlan } from '../../../../program/config/rollout.ts';
import { stackConfig } from '../../../../schema/config.ts';

function planOf(waves: object[], hosts: Record<string, object> = {}) {
  const config = stackConfig.parse({
    hosts: { web1: { tags: ['eu'] }, web2: { tags: ['eu'] }, db: {}, ...hosts },
    rollout: { waves },
  });
  assert.ok(config.rollout);
  return rolloutPlan(config.rollout, hostSettings(config)).waves;
}

test('waves are numbered unless they have names, and select hosts that no earlier wave has', () => {
  const waves = planOf([{ hosts: 'web1' }, { name: 'eu', hosts: '@eu,!db' }, { hosts: '*' }]);
  assert.deepEqual(
    waves.map(({ name, hosts }) => [name, hosts]),
    [
      ['wave1', ['web1']],
      ['eu', ['web2']],
      ['wave3', ['db']],
    ],
  );
});

test('a tag or a glob without hosts makes an empty wave; the name of no host is an error', () => {
  assert.deepEqual(planOf([{ hosts: '@canary' }])[0]?.hosts, []);
  assert.deepEqual(planOf([{ hosts: 'mail*' }])[0]?.hosts, []);
  assert.throws(() => planOf([{ hosts: 'web11' }]), /web11 names no host[\s\S]*Did you mean web1/);
  assert.throws(() => planOf([{ hosts: '*,!wbe1' }]), /wbe1 names no host/);
});

test('a gate names a host of the stack, or needs none', () => {
  const gates = (gate: object) => planOf([{ hosts: '*', gates: { shop: gate } }])[0]?.gates;
  assert.equal(gates({ command: 'true' })?.shop?.on, undefined);
  assert.equal(gates({ http: { url: 'https://shop.example.org' } })?.shop?.on, undefined);
  assert.equal(gates({ tcp: 443, on: 'web1' })?.shop?.on, 'web1');
  assert.throws(() => gates({ tcp: 443, on: 'wbe1' }), /gate shop of the wave wave1 .*Did you mean web1/s);
  assert.throws(() => gates({ tcp: 443 }), /must name a host with `on`/);
  assert.throws(() => gates({ units: 'none-failed' }), /must name a host with `on`/);
  assert.throws(() => gates({ http: { url: '/health' } }), /must name a host with `on`, or have a whole URL/);
});

test('what cannot be switched together is refused', () => {
  const together = (host: object) => planOf([{ hosts: '*', together: true }], { db: host });
  assert.equal(together({})[0]?.together, true);
  for (const host of [{ reboot: 'when-needed' }, { via: 'nixos-rebuild' }, { action: 'boot' }])
    assert.throws(() => together(host), /cannot be switched together[\s\S]*db has/);
  assert.throws(
    () => planOf([{ hosts: '*', together: true, atOnce: 2 }]),
    /together goes with neither atOnce nor failuresAllowed/,
  );
});
