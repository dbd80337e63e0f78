import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { before, describe, test } from 'node:test';
import { evaluateFleet, type FleetEvaluation } from '../../lib/evaluation/evaluate-fleet.ts';
import { ownFolder } from '../fixtures/flakes/copy.ts';
import { request, skip } from './nixpkgs.ts';

const folder = resolve(import.meta.dirname, '../fixtures/flakes/unusual');
const names = [
  ...['wsl', 'container', 'no-boot-loader', 'external', 'refind', 'extlinux', 'riscv', 'iso'],
  ...['build01.ofborg.example', 'CORE_router', 'appliance', 'asserting'],
];

describe('systems without a kernel or a boot loader of their own, of other kinds and names', { skip }, () => {
  let fleet: FleetEvaluation;
  before(async () => {
    process.env.XDG_CACHE_HOME = await ownFolder();
    fleet = await evaluateFleet({
      ...request,
      flake: `path:${folder}`,
      baseDirectory: folder,
      writeLock: false,
      hosts: Object.fromEntries(names.map((name) => [name, name])),
    });
  });
  const factsOf = (name: string) => {
    const host = fleet.hosts[name];
    assert.ok(host?.ok, host && !host.ok ? host.error.message : name);
    assert.equal(host.facts.unread, undefined);
    assert.equal(host.facts.sshd.enabled, true);
    assert.ok(Object.keys(host.facts.units).length > 20);
    return { ...host, ...host.facts };
  };

  for (const name of ['wsl', 'container']) {
    test(`${name}: no kernel is evaluated or built (faults 41, 70)`, () => {
      const facts = factsOf(name);
      assert.equal(facts.container, name === 'container');
      assert.equal(facts.bootLoader, 'none');
      assert.deepEqual(
        [fleet.hosts[name]?.ok && fleet.hosts[name].kernel, facts.kernelNeeds],
        [undefined, undefined],
      );
      assert.equal(facts.facts.kernel.version, 'host');
    });
  }

  const loaders: [string, string, string][] = [
    ['no-boot-loader', 'none', 'x86_64-linux'],
    ['external', 'external', 'x86_64-linux'],
    ['refind', 'refind', 'x86_64-linux'],
    ['extlinux', 'extlinux', 'aarch64-linux'],
    ['riscv', 'none', 'riscv64-linux'],
    ['build01.ofborg.example', 'none', 'x86_64-linux'],
    ['CORE_router', 'none', 'x86_64-linux'],
  ];
  for (const [name, loader, platform] of loaders) {
    test(`${name}: its boot loader is ${loader}, its platform ${platform} (faults 72, 81)`, () => {
      const facts = factsOf(name);
      assert.equal(facts.bootLoader, loader);
      assert.equal(facts.platform, platform);
      assert.match(facts.facts.kernel.version, /^\d+\.\d+/);
    });
  }

  test('an ISO image that is a machine’s own system (fault 81)', () => {
    assert.match(factsOf('iso').facts.kernel.version, /^\d+\.\d+/);
  });

  test('a system without Nix and switch-to-configuration is known as such (fault 82)', () => {
    const { access } = factsOf('appliance');
    assert.deepEqual([access?.nix, access?.switchable], [false, false]);
    const usual = factsOf('no-boot-loader').access;
    assert.deepEqual([usual?.nix, usual?.switchable], [true, true]);
    assert.equal(usual?.permitRootLogin, 'prohibit-password');
    assert.deepEqual(usual?.trustedInterfaces, { lo: true });
  });

  test('a failing assertion is reported, not what throws because of it (fault 71)', () => {
    const host = fleet.hosts.asserting;
    assert.ok(host && !host.ok);
    assert.equal(host.error.code, 'assertion-failed');
    assert.match(host.error.why ?? '', /site\.domain must be set/);
  });
});
