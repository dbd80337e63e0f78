/** The lab's systems behave like NixOS: order, output and exit codes of switch-to-configuration, and the boot. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RunResult } from '../../lib/base/process/run.ts';
import { until } from '../../lib/base/until.ts';
import { copyClosure } from '../../lib/store/nix/copy.ts';
import { labSystems } from './build-systems.ts';
import { MachineUnderTest } from './machine-under-test.ts';

const names = [
  'plain',
  'changed',
  'failing-unit',
  'failing-activation',
  'hanging-activation',
  'failing-check',
  'inhibited',
  'new-inhibitor',
  'other-init',
  'masked',
  'kept',
  'reloaded',
  'stops-sshd',
  'packaged',
  'lingering',
  'lingering-changed',
  'no-sshd',
  'reexecuted',
];
let systems: Record<string, string>;
let machine: MachineUnderTest;

before(async () => {
  systems = await labSystems(names);
  machine = await MachineUnderTest.create('lab-system', '10.213.22');
  const store = machine.target.store();
  await copyClosure({
    target: store.uri,
    sshOpts: store.env.NIX_SSHOPTS,
    host: machine.target.name,
    paths: Object.values(systems),
  });
});

after(async () => {
  await machine?.remove();
});

const sh = (script: string) => machine.target.run(script, { fresh: true });
const to = (name: string, action: string) => sh(`${systems[name]}/bin/switch-to-configuration ${action}`);
const live = async () => (await sh('readlink /run/current-system')).stdout.trim();
const pidOf = async (unit: string) =>
  (await sh(`systemctl show --property=MainPID --value ${unit}`)).stdout.trim();

/** Resets the machine between tests. */
async function plain(): Promise<void> {
  const back = await to('plain', 'test');
  assert.equal(back.exitCode, 0, back.stderr);
}

test('a machine without a system gets its first one', async () => {
  const first = await to('plain', 'switch');
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(
    first.stderr,
    /the following new units were started: .*firewall\.service, heartbeat\.service, idle\.service, late\.service/,
  );
  assert.equal(await live(), systems.plain);
});

test('the same system again does nothing', async () => {
  const before = await pidOf('heartbeat.service');
  const again = await to('plain', 'test');
  assert.equal(again.exitCode, 0);
  assert.equal(
    again.stderr,
    'Checking switch inhibitors... done\nactivating the configuration...\nrestarting sysinit-reactivation.target\n',
  );
  assert.equal(await pidOf('heartbeat.service'), before);
});

test('dry-activate shows a change, test applies it, and the previous system removes its parts', async () => {
  const firewall = await sh('systemctl show --property=ActiveEnterTimestampMonotonic firewall.service');
  const dry = await to('changed', 'dry-activate');
  assert.match(
    dry.stderr,
    /^Not checking switch inhibitors \(action = dry-activate\)\nwould stop the following units: heartbeat\.service\nwould activate the configuration\.\.\.\nwould restart the following units: late\.service\nwould start the following units: heartbeat\.service\n$/,
  );
  assert.equal(await live(), systems.plain);

  const done = await to('changed', 'test');
  assert.equal(done.exitCode, 0, done.stderr);
  assert.match(done.stderr, /stopping the following units: heartbeat\.service\n/);
  assert.match(done.stderr, /starting the following units: heartbeat\.service\n/);
  assert.match(done.stderr, /the following new units were started: extra\.service\n/);
  const changed = async () => (await sh('cat /run/heartbeat/message')).stdout === 'changed\n';
  assert.ok(await until(changed, { limitSeconds: 20 }), 'the service runs with its new setting');
  const present = await sh('cat /etc/motd.d/hello; id -nG ada; stat -c %a /etc/ssh/authorized_keys.d/ada');
  assert.equal(present.stdout, 'hello\nusers wheel\n444\n');
  assert.deepEqual(
    (await sh('systemctl show --property=ActiveEnterTimestampMonotonic firewall.service')).stdout,
    firewall.stdout,
  );

  await plain();
  const gone = await sh(
    'ls /etc/motd.d/hello /etc/ssh/authorized_keys.d/ada; id ada; systemctl is-active extra.service',
  );
  assert.equal(gone.stdout.trim(), 'inactive');
});

test('a failing unit: exit code 4, and the output names it', async () => {
  const failed = await to('failing-unit', 'test');
  assert.equal(failed.exitCode, 4, failed.stderr);
  assert.match(failed.stderr, /warning: the following units failed: broken\.service\n/);
  assert.equal(await live(), systems['failing-unit']);
  await plain();
});

test('a failing activation snippet: exit code 2, and the other snippets run', async () => {
  const failed = await to('failing-activation', 'test');
  assert.equal(failed.exitCode, 2, failed.stderr);
  assert.match(
    failed.stderr,
    /no luck\nActivation script snippet 'broken' failed \(3\)\nFailed to run activate script\n/,
  );
  assert.equal(await live(), systems['failing-activation']);
  await plain();
});

test('failed units override a failed activation: exit code 4; sshd, which stopped, starts again (faults 50, 61, 68)', async () => {
  const failed = await to('stops-sshd', 'test');
  assert.equal(failed.exitCode, 4, failed.stderr);
  assert.match(
    failed.stderr,
    /Failed to run activate script\n[\s\S]*warning: the following units failed: broken\.service\n/,
  );
  assert.equal((await sh('systemctl is-active ssh.service')).stdout, 'active\n');
  await plain();
});

test('a failing check: exit code 1, and nothing changes (fault 68)', async () => {
  for (const action of ['check', 'test', 'switch', 'boot', 'dry-activate']) {
    const refused = await to('failing-check', action);
    assert.equal(refused.exitCode, 1, action);
    assert.equal(
      refused.stderr,
      `to ${systems['failing-check']} by ${action}, 2 arguments\nPre-switch check 'refuse' failed\nPre-switch checks failed\n`,
    );
  }
  assert.equal(await live(), systems.plain);
  const forced = (value: string) =>
    sh(`NIXOS_NO_CHECK=${value} ${systems['failing-check']}/bin/switch-to-configuration check`);
  assert.equal((await forced('yes')).exitCode, 1);
  assert.equal((await forced('1')).exitCode, 0);
});

test('switch inhibitors refuse test and allow boot; a new one refuses nothing (faults 66, 68)', async () => {
  const added = await to('new-inhibitor', 'check');
  assert.equal(added.exitCode, 0, added.stderr);
  assert.equal(added.stderr, 'Checking switch inhibitors... done\n');
  const refused = await to('inhibited', 'test');
  assert.equal(refused.exitCode, 1);
  assert.match(
    refused.stderr,
    /^Checking switch inhibitors\.\.\.\nThere are changes to critical components of the system:\n\ndbus : dbus -> broker\n/,
  );
  assert.equal((await to('inhibited', 'boot')).exitCode, 0);
  assert.equal(await live(), systems.plain);
});

test('another init interface: exit code 100, after the boot loader', async () => {
  const refused = await to('other-init', 'switch');
  assert.equal(refused.exitCode, 100);
  const entry = await sh('cat /boot/loader/entries/$(sed -n "s/^default //p" /boot/loader/loader.conf)');
  assert.ok(entry.stdout.includes(`init=${systems['other-init']}/init`), entry.stdout);
  assert.equal((await to('plain', 'boot')).exitCode, 0);
});

test('a masked unit stops; one that must not restart is named and keeps running', async () => {
  assert.equal((await to('masked', 'test')).exitCode, 0);
  assert.equal((await sh('systemctl is-enabled heartbeat.service')).stdout.trim(), 'masked');
  assert.equal(await pidOf('heartbeat.service'), '0');
  await plain();
  const before = await pidOf('heartbeat.service');
  assert.notEqual(before, '0');
  const kept = await to('kept', 'test');
  assert.match(kept.stderr, /NOT restarting the following changed units: heartbeat\.service/);
  assert.equal(await pidOf('heartbeat.service'), before);
  const reloaded = await to('reloaded', 'test');
  assert.match(reloaded.stderr, /reloading the following units: firewall\.service/);
  await plain();
});

test('another package reloads D-Bus (fault 68)', async () => {
  const packaged = await to('packaged', 'test');
  assert.match(packaged.stderr, /reloading the following units: dbus\.service\n/);
  await plain();
});

test('units of a user with a running systemd follow the system (fault 68)', async () => {
  const user = (command: string) => sh(`XDG_RUNTIME_DIR=/run/user/0 systemctl --user ${command}`);
  assert.equal((await to('lingering', 'test')).exitCode, 0);
  assert.ok(
    await until(async () => (await user('is-active mine.service')).exitCode === 0, { limitSeconds: 20 }),
  );
  const changed = await to('lingering-changed', 'test');
  assert.equal(changed.exitCode, 0, changed.stderr);
  assert.match(
    changed.stderr,
    /reloading user units for root\.\.\.\nstopping the following user units: mine\.service\nstarting the following user units: mine\.service\nrestarting sysinit/,
  );
  await sh('loginctl disable-linger root');
  await plain();
});

test('what is no NixOS: exit code 2 (faults 67, 68)', async () => {
  const refused = await sh(
    `mv /etc/NIXOS /etc/NIXOS.away; ${systems.plain}/bin/switch-to-configuration test; code=$?; mv /etc/NIXOS.away /etc/NIXOS; exit $code`,
  );
  assert.deepEqual([refused.exitCode, refused.stderr], [2, 'This is not a NixOS installation!\n']);
});

test('another system.conf: systemd re-executes itself after the activation, before units start (fault 68)', async () => {
  assert.match((await to('reexecuted', 'dry-activate')).stderr, /would restart systemd\n/);
  const before = await pidOf('heartbeat.service');
  const done = await to('reexecuted', 'test');
  assert.equal(done.exitCode, 0, done.stderr);
  assert.match(done.stderr, /activating the configuration\.\.\.\nrestarting systemd\.\.\.\n/);
  assert.match((await sh('cat /proc/1/cmdline')).stdout, /--deserialize/);
  assert.equal(await pidOf('heartbeat.service'), before);
  assert.doesNotMatch((await to('reexecuted', 'test')).stderr, /restarting systemd/);
  await plain();
});

/** Starts a switch whose activation hangs, and waits until it hangs. */
async function hang(): Promise<{ ended: Promise<RunResult | undefined> }> {
  const hanging = to('hanging-activation', 'test').catch(() => undefined);
  const hangs = async () => (await sh('test -p /run/fault/gate')).exitCode === 0;
  assert.ok(await until(hangs, { limitSeconds: 20 }), 'the activation hangs');
  return { ended: hanging };
}

test('a second switch at the same time is refused: exit code 11 (faults 67, 68)', async () => {
  const { ended } = await hang();
  const second = await to('plain', 'test');
  assert.deepEqual([second.exitCode, second.stderr], [11, 'Could not acquire lock\n']);
  await sh('echo >/run/fault/gate');
  assert.equal((await ended)?.exitCode, 0);
  await plain();
});

test('an interrupted switch is completed by the next', async () => {
  const before = await pidOf('late.service');
  const { ended } = await hang();
  await sh('pkill -KILL -f bin/switch-to-configuration; pkill -KILL -f snippet-hang; rm /run/fault/gate');
  assert.notEqual((await ended)?.exitCode, 0);
  assert.equal(await pidOf('late.service'), before, 'not restarted yet');
  // Its unit file is already the new one: only the list of the first run has the pending restart.
  const done = await to('changed', 'test');
  assert.equal(done.exitCode, 0, done.stderr);
  assert.match(done.stderr, /restarting the following units: late\.service/);
  assert.notEqual(await pidOf('late.service'), before);
  await plain();
});

test('a reboot starts the boot loader’s default, or else the profile’s system', async () => {
  await sh(`nix-env -p /nix/var/nix/profiles/system --set ${systems.changed}`);
  assert.equal((await to('changed', 'boot')).exitCode, 0);
  assert.equal(await live(), systems.plain);
  await machine.stop();
  await machine.start();
  assert.equal(await live(), systems.changed);
  assert.equal((await sh('readlink /run/booted-system')).stdout.trim(), systems.changed);
  assert.equal((await sh('systemctl is-active extra.service')).stdout.trim(), 'active');

  await sh(`nix-env -p /nix/var/nix/profiles/system --set ${systems.plain}; rm /boot/loader/loader.conf`);
  await machine.stop();
  await machine.start();
  assert.equal(await live(), systems.plain);
});

test('a system without sshd is unreachable until the machine boots another', async () => {
  const cut = await to('no-sshd', 'test');
  assert.equal(cut.exitCode, 0, cut.stderr);
  await assert.rejects(sh('true'), { code: 'unreachable' });
  await machine.stop();
  await machine.start();
  assert.equal(await live(), systems.plain);
});
