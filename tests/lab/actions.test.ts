/** Actions, specialisations, profiles and reboots on a lab machine with real systemd, Nix and boot entries. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { FleetError } from '../../lib/base/errors.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { labSystems } from './build-systems.ts';
import { Deployer } from './deployer.ts';
import { fixtureSystem } from './fixture-system.ts';
import { MachineUnderTest } from './machine-under-test.ts';

let machine: MachineUnderTest;
let deployer: Deployer;
let good: string;
/** Has the specialisation `night`. */
let lasting: string;
let refusing: Record<string, string>;

before(async () => {
  machine = await MachineUnderTest.create('actions', '10.213.26');
  const systems = await labSystems(['plain', 'with-night', 'inhibited', 'other-init']);
  ({ plain: good = '', 'with-night': lasting = '', ...refusing } = systems);
});

after(async () => {
  await machine?.remove();
});

beforeEach(async () => {
  deployer = new Deployer(machine.target.connection);
  await deployer.up(good);
  assert.equal(await deployer.up(good), false);
});

/** Machine and state agree on live system, specialisation and next boot. */
async function assertOn(system: string, specialisation: string, next: string): Promise<void> {
  const reading = await readMachine(machine.target);
  const expected = [system, specialisation, next];
  assert.deepEqual([reading.system, reading.specialisation, reading.profileSystem], expected);
  const { live } = deployer;
  assert.deepEqual([live.system, live.specialisation, live.profileSystem], expected);
}

const message = () => machine.run('cat /run/heartbeat/message');
const defaultEntry = () =>
  machine.run(
    "sed -n 's/^options init=//p' /boot/loader/entries/$(sed -n 's/^default //p' /boot/loader/loader.conf)",
  );

test('boot: only the next boot changes, and a later switch makes the system live', async () => {
  const live = await machine.run('readlink /run/current-system');
  await deployer.up(lasting, { action: 'boot' });
  await assertOn(good, '', lasting);
  assert.equal(await machine.run('readlink /run/current-system'), live);
  assert.equal(await defaultEntry(), `${lasting}/init`);
  assert.equal(await deployer.up(lasting, { action: 'boot' }), false);
  assert.equal(await deployer.refresh(), undefined);
  assert.equal(await deployer.up(lasting, { action: 'boot' }), false, 'a refresh sees no drift');
  assert.equal(await deployer.up(lasting), true);
  await assertOn(lasting, '', lasting);
});

test('boot with a failing boot loader: the next boot is the previous system', async () => {
  const bad = await fixtureSystem('bad-boot', { boot: 'echo "No space left on device" >&2; exit 1' });
  await assert.rejects(deployer.up(bad, { action: 'boot' }), (error: FleetError) => {
    assert.equal(error.code, 'activation-failed');
    assert.match(error.message, /No space left on device[\s\S]*next boot starts the previous system/);
    return true;
  });
  await assertOn(good, '', good);
  assert.equal(await defaultEntry(), `${good}/init`);
});

test('test: the system is live, and the next boot is the previous system', async () => {
  await deployer.up(lasting, { action: 'test' });
  await assertOn(lasting, '', good);
  assert.equal(await defaultEntry(), `${good}/init`);
  assert.equal(await deployer.up(lasting, { action: 'test' }), false);
});

test('test with a failing health check: rolled back', async () => {
  const healthChecks = { never: { command: 'false', timeoutSeconds: 1 } };
  await assert.rejects(
    deployer.up(lasting, { action: 'test', healthChecks }),
    (error: FleetError) => error.code === 'health-check-failed',
  );
  await assertOn(good, '', good);
});

test('dry-activate: shows what a switch would do, and changes nothing', async () => {
  const before = await machine.run(
    'readlink /run/current-system /nix/var/nix/profiles/system; cat /run/heartbeat/message',
  );
  assert.equal(await deployer.up(lasting, { action: 'dry-activate' }), true);
  assert.match(deployer.lines.join('\n'), /would (restart|stop) the following units: .*heartbeat\.service/);
  await assertOn(good, '', good);
  assert.equal(
    await machine.run(
      'readlink /run/current-system /nix/var/nix/profiles/system; cat /run/heartbeat/message',
    ),
    before,
  );
  assert.equal(await deployer.up(lasting, { action: 'dry-activate' }), false, 'shown once');
  assert.equal(await deployer.up(lasting), true);
  await assertOn(lasting, '', lasting);
});

test('a specialisation is live while its system is the next boot; dropping it is a change', async () => {
  await deployer.up(lasting, { specialisation: 'night' });
  await assertOn(lasting, 'night', lasting);
  assert.equal(await message(), 'night');
  assert.equal(await defaultEntry(), `${lasting}/init`);
  assert.equal(await deployer.up(lasting, { specialisation: 'night' }), false);
  await deployer.refresh();
  assert.equal(await deployer.up(lasting, { specialisation: 'night' }), false, 'a refresh sees no drift');
  assert.equal(await deployer.up(lasting), true);
  await assertOn(lasting, '', lasting);
  assert.equal(await message(), 'plain');
});

test('a specialisation that the system lacks: refused before anything changes', async () => {
  await assert.rejects(
    deployer.up(lasting, { specialisation: 'noon' }),
    /specialisation\/noon\/bin\/switch-to/,
  );
  await assertOn(good, '', good);
});

test('another profile gets the generation; the system profile keeps its own', async () => {
  const before = await machine.run('readlink /nix/var/nix/profiles/system');
  await deployer.up(lasting, { profile: 'canary' });
  assert.equal(deployer.live.system, lasting);
  assert.equal(deployer.live.profileSystem, lasting);
  assert.equal(deployer.live.generation, 1);
  assert.equal(await machine.run('readlink /nix/var/nix/profiles/system'), before);
  assert.equal(await machine.run('readlink -f /nix/var/nix/profiles/system-profiles/canary'), lasting);
  assert.equal(await deployer.up(lasting, { profile: 'canary' }), false);
  await machine.run('rm -r /nix/var/nix/profiles/system-profiles');
});

test('another profile with a failing boot loader: rolled back, and the new profile is gone', async () => {
  const bad = await fixtureSystem('bad-boot', { boot: 'exit 1' });
  await assert.rejects(deployer.up(bad, { profile: 'canary' }), /rolled back to/);
  assert.equal(await machine.run('ls /nix/var/nix/profiles/system-profiles'), '');
  const { system, profileSystem } = await readMachine(machine.target);
  assert.deepEqual([system, profileSystem, deployer.live.system], [good, good, good]);
});

test('the boot loader itself is reinstalled only with installBootLoader', async () => {
  const boot = 'echo "$NIXOS_INSTALL_BOOTLOADER" > /run/installed';
  await deployer.up(await fixtureSystem('menu-only', { boot }));
  assert.equal(await machine.run('cat /run/installed'), '');
  await deployer.up(await fixtureSystem('whole-loader', { boot }), { installBootLoader: true });
  assert.equal(await machine.run('cat /run/installed'), '1');
});

test('reboot: the deployment waits until the new system has booted', async () => {
  const { bootId } = await readMachine(machine.target);
  await deployer.up(lasting, {
    reboot: 'always',
    healthChecks: { beat: { command: 'test -e /run/heartbeat/message', timeoutSeconds: 30 } },
  });
  assert.notEqual(deployer.live.bootId, bootId);
  assert.equal(deployer.live.booted, lasting);
  await assertOn(lasting, '', lasting);
  assert.equal(await deployer.up(lasting, { reboot: 'always' }), false, 'no second reboot');
});

for (const [name, why] of [
  ['inhibited', /switch inhibitors changed: dbus/],
  ['other-init', /exit code 100/],
] as const) {
  test(`a system that cannot be switched to is booted instead, if reboots are allowed: ${name}`, async () => {
    const system = refusing[name] ?? '';
    await assert.rejects(deployer.up(system), (error: FleetError) => {
      assert.equal(error.code, 'activation-failed');
      assert.match(error.why ?? '', why);
      assert.match(error.fix ?? '', /reboot: when-needed/);
      return true;
    });
    await assertOn(good, '', good);
    const { bootId } = await readMachine(machine.target);
    await deployer.up(system, { reboot: 'when-needed' });
    assert.notEqual(deployer.live.bootId, bootId);
    await assertOn(system, '', system);
    await deployer.up(good, { reboot: 'when-needed' });
  });
}

test('a specialisation is live again after the reboot', async () => {
  await deployer.up(lasting, { specialisation: 'night', reboot: 'always' });
  await assertOn(lasting, 'night', lasting);
  assert.equal(deployer.live.booted, lasting);
});

test('a machine that reboots into another system: reported, and the state records what it runs', async () => {
  // A boot loader that keeps another default.
  const stubborn = await fixtureSystem('stubborn', {
    boot: `${good}/bin/switch-to-configuration boot; exit 0`,
  });
  await assert.rejects(deployer.up(stubborn, { reboot: 'always' }), (error: FleetError) => {
    assert.equal(error.code, 'reboot-failed');
    assert.match(error.why ?? '', /booted .*-nixos-system-fault-.*\nthe desired system is .*-stubborn$/);
    return true;
  });
  assert.equal(deployer.live.system, good);
});

test('a machine that does not come back in time: reported', async () => {
  const gone = await fixtureSystem('gone', { test: 'systemctl mask --runtime reboot.target' });
  await assert.rejects(
    deployer.up(gone, { reboot: 'always', rebootTimeoutSeconds: 3 }),
    (error: FleetError) => {
      assert.equal(error.code, 'reboot-failed');
      return true;
    },
  );
  await machine.run('systemctl unmask --runtime reboot.target');
});

test('the state lists the newest deployments', async () => {
  await deployer.up(lasting, { revision: '0123456789abcdef' });
  const [newest = ''] = deployer.live.history.split('\n');
  assert.match(
    newest,
    /^20\d\d-\S+Z \S+@\S+: nixos-system-\S+ \([0-9a-z]{8}\), revision 0123456789ab: confirmed$/,
  );
});
