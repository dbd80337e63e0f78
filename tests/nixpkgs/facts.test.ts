import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { evaluateFleet } from '../../lib/evaluation/evaluate-fleet.ts';
import { evaluate, folders, type Measured, nixFolder, report, request, skip } from './nixpkgs.ts';

const hosts = folders('hosts');

describe('facts of real NixOS machines', { skip }, () => {
  const cache = mkdtempSync(join(tmpdir(), 'nixos-fleet-facts-'));
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = cache;
  after(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(cache, { recursive: true });
  });

  test('are complete for each machine of the flake, and come from the cache the second time', async () => {
    const fleet = () =>
      evaluateFleet({ ...request, hosts: Object.fromEntries(hosts.map((name) => [name, name])) });
    const begun = Date.now();
    const first = await fleet();
    const cold = Date.now();
    const second = await fleet();
    console.log(
      `facts of ${hosts.length} machines: ${((cold - begun) / 1000).toFixed(1)} s, from the cache ${((Date.now() - cold) / 1000).toFixed(1)} s`,
    );
    assert.equal(second.fromCache, true);
    for (const name of hosts) {
      const host = first.hosts[name];
      assert.ok(host?.ok, host && !host.ok ? host.error.message : name);
      assert.deepEqual(host.warnings, []);
      assert.equal(host.facts.container, false);
      assert.equal(host.facts.bootLoader, 'systemd-boot');
      assert.equal(host.facts.sshd.enabled, true);
      assert.ok(host.facts.firewall.tcp['22']);
      assert.match(host.facts.kernel.version, /^\d+\.\d+/);
      assert.ok(Object.keys(host.facts.units).length > 50);
      assert.ok(Object.keys(host.facts.fileSystems).includes('/'));
      assert.ok(host.kernel && Object.keys(first.kernels[host.kernel]?.config ?? {}).length > 300);
    }
  });

  test('describe images by the system inside: the first machine’s own image, and variants', async () => {
    const images = {
      base: { configuration: 'base', image: ['system', 'build', 'image'] },
      variant: { configuration: 'aethelred', image: ['system', 'build', 'images', 'qemu-efi'] },
      iso: { configuration: 'aethelred', image: ['system', 'build', 'images', 'iso'] },
    };
    const fleet = await evaluateFleet({ ...request, hosts: { base: 'base' }, images });
    const { base, variant, iso } = fleet.images;
    for (const image of [base, variant, iso])
      assert.ok(image?.ok, image && !image.ok ? image.error.message : '');
    assert.ok(base?.ok && variant?.ok && iso?.ok && fleet.hosts.base?.ok);
    assert.equal(base.outPath, fleet.hosts.base.outPath);
    assert.match(base.image?.file ?? '', /\.qcow2$/);
    assert.match(variant.image?.file ?? '', /\.qcow2$/);
    assert.equal(variant.facts.fileSystems['/'], 'ext4 /dev/disk/by-label/nixos');
    assert.match(iso.image?.file ?? '', /\.iso$/);
    assert.notEqual(iso.outPath, variant.outPath);
  });

  test('add at most 15 % to the evaluation of the system itself', async () => {
    const expression = readFileSync(join(nixFolder, 'facts.nix'), 'utf8');
    const list = `{ ${hosts.map((name) => `${name} = "${name}";`).join(' ')} }`;
    const alone = () =>
      evaluate<unknown>(
        'nixosConfigurations',
        'builtins.mapAttrs (_: m: m.config.system.build.toplevel.drvPath)',
      );
    const facts = () =>
      evaluate<unknown>('nixosConfigurations', `(${expression}) { hosts = ${list}; mark = "@"; }`);
    // Alternating, and the fastest of each, so that other load does not decide.
    const rounds: { alone: Measured<unknown>; facts: Measured<unknown> }[] = [];
    for (let round = 0; round < 3; round++) rounds.push({ alone: await alone(), facts: await facts() });
    const quickest = (which: 'alone' | 'facts') =>
      rounds
        .map((round) => round[which])
        .reduce((left, right) => (left.cpuSeconds < right.cpuSeconds ? left : right));
    const [system, withFacts] = [quickest('alone'), quickest('facts')];
    report(`toplevel of ${hosts.length} machines`, system);
    report(`toplevel and facts of ${hosts.length} machines`, withFacts);
    for (const name of hosts)
      assert.ok(
        withFacts.stderr.includes(`@ {"facts":{`) && withFacts.stderr.includes(`"host":"${name}"`),
        name,
      );
    const ratio = withFacts.cpuSeconds / system.cpuSeconds;
    console.log(`facts: ratio ${ratio.toFixed(3)}, at most 1.15`);
    assert.ok(ratio <= 1.15, `ratio ${ratio}`);
  });
});
