/**
 * Faults of a switch on a machine with real systemd and sshd: what the machine runs afterwards, what the state records, what
 * the error says. docs/reliability.md lists them.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, test } from 'node:test';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { begin } from '../../lib/machine/switch/begin.ts';
import { deploymentSettings } from '../../schema/deployment.ts';
import { Deployer } from './deployer.ts';
import { fixtureSystem } from './fixture-system.ts';
import { failsWith, MachineUnderTest, when } from './machine-under-test.ts';

let machine: MachineUnderTest;
let deployer: Deployer;
/** The system that every test begins with, live and next boot. Its activation starts sshd, which some tests stop. */
let good: string;

before(async () => {
  machine = await MachineUnderTest.create('activation', '10.213.20');
  good = await fixtureSystem('good', { test: 'systemctl start ssh.service' });
});

after(async () => {
  await machine?.remove();
});

test('a machine where nothing was deployed gets its first system', async () => {
  deployer = new Deployer(machine.target.connection);
  assert.equal((await readMachine(machine.target)).system, '');
  const first = await fixtureSystem('first');
  await deployer.up(first);
  await machine.assertOn(first, deployer);
  assert.equal(deployer.recorded?.id, await machine.run('cat /etc/machine-id'));
  assert.equal(deployer.live.generation, 1);
  assert.equal(deployer.live.revision, 'r');
  assert.equal(deployer.live.rebootDue, false);
  const root = `/nix/var/nix/gcroots/nixos-fleet/${first.split('/').at(-1)}`;
  assert.equal(await machine.run(`readlink ${root}/system`), first);
  const record = JSON.parse(await machine.run(`cat ${root}/deployment.json`));
  assert.match(record.by, /^.+@.+$/);
  assert.equal(await deployer.up(first), false, 'a second up changes nothing');
});

beforeEach(async () => {
  if (deployer) await deployer.up(good);
});

test('a change is shown as it happens, and gets a generation of its own', async () => {
  const { generation } = deployer.live;
  const next = await fixtureSystem('next', { test: 'echo "restarting the following units: nginx.service"' });
  await deployer.up(next);
  await machine.assertOn(next, deployer);
  assert.equal(deployer.live.generation, generation + 1);
  assert.ok(
    deployer.lines.includes('restarting the following units: nginx.service'),
    deployer.lines.join('\n'),
  );
  assert.equal(await machine.run('cat /boot/loader/installed'), 'next');
  assert.match(
    await machine.run('tail -n 3 /var/log/switches | tr "\\n" " "'),
    /check of next test of next boot of next/,
  );
});

test('a machine that already runs and boots the desired system is recorded without a switch', async () => {
  const switches = await machine.run('cat /var/log/switches');
  const adopter = new Deployer(machine.target.connection);
  await adopter.up(good, { revision: 'adopted' });
  assert.equal(adopter.live.revision, 'adopted');
  assert.equal(await machine.run('cat /var/log/switches'), switches);
});

test('a destroy leaves the machine as it is', async () => {
  const { free: _, ...before } = await readMachine(machine.target);
  await deployer.destroy();
  const { free: __, ...after } = await readMachine(machine.target);
  assert.deepEqual(after, before);
});

test('the newest deployment records stay, and those of systems in use', async () => {
  const roots = '/nix/var/nix/gcroots/nixos-fleet';
  const booted = await fixtureSystem('booted-before');
  await deployer.up(booted);
  await deployer.up(good);
  await machine.run(`ln -sfn ${booted} /run/booted-system
    for i in $(seq 30); do mkdir -p ${roots}/old-$i; ln -sfn /nix ${roots}/old-$i/system; done
    touch -d '1 day ago' ${roots}/old-*; touch -d '2 days ago' ${roots}/$(basename ${booted})`);
  const next = await fixtureSystem('after-many');
  await deployer.up(next);
  await machine.assertOn(next, deployer);
  // The twenty newest, and the older record of the booted system.
  assert.equal(await machine.run(`ls ${roots} | wc -l`), '21');
  assert.equal(
    await machine.run(`readlink ${roots}/$(basename ${booted})/system; rm /run/booted-system`),
    booted,
  );
  await machine.run(`[ -e ${roots}/${next.split('/').at(-1)}/deployment.json ] && rm -rf ${roots}/old-*`);
});

test('a failing activation script: rolled back', async () => {
  const bad = await fixtureSystem('bad', { test: 'echo "snippet users failed"; exit 2' });
  await assert.rejects(
    deployer.up(bad),
    failsWith(
      'activation-failed',
      /exit code 2: the activation script failed[\s\S]*snippet users failed[\s\S]*rolled back to .*-good$/,
    ),
  );
  await machine.assertOn(good, deployer);
  assert.equal(await deployer.up(good), false, 'the machine runs the desired system again');
  await assert.rejects(deployer.up(bad), failsWith('activation-failed', /exit code 2/));
});

test('a failing check: nothing changes', async () => {
  const bad = await fixtureSystem('refused', { check: 'echo "no way"; exit 1' });
  await assert.rejects(deployer.up(bad), failsWith('activation-failed', /no way[\s\S]*nothing was changed/));
  await machine.assertOn(good, deployer);
  assert.equal(await machine.run('tail -n 1 /var/log/switches'), 'check of refused');
});

test('changed switch inhibitors: refused before anything changes; a new one is not (fault 66)', async () => {
  const files = (inhibitors: object) => ({ files: { 'switch-inhibitors': JSON.stringify(inhibitors) } });
  await deployer.up(await fixtureSystem('inhibitors-0', files({ dbus: 'dbus' })));
  const one = await fixtureSystem('inhibitors-1', files({ dbus: 'dbus', init: 'a' }));
  await deployer.up(one);
  const two = await fixtureSystem('inhibitors-2', files({ dbus: 'dbus-broker', init: 'a' }));
  await assert.rejects(deployer.up(two), failsWith('activation-failed', /switch inhibitors changed: dbus$/));
  await machine.assertOn(one, deployer);
});

test('the live system is not the activated one: rejected, rolled back', async () => {
  const bad = await fixtureSystem('elsewhere', { test: 'ln -sfn /nix/store /run/current-system' });
  await assert.rejects(deployer.up(bad), failsWith('activation-failed', /rolled back to/));
  assert.equal((await machine.lastResult())?.outcome, 'rejected');
  await machine.assertOn(good, deployer);
});

test('a crash of switch-to-configuration: rolled back', async () => {
  const bad = await fixtureSystem('crash', { test: 'kill -ABRT $$' });
  await assert.rejects(
    deployer.up(bad),
    failsWith('activation-failed', /exit code 134[\s\S]*rolled back to/),
  );
  await machine.assertOn(good, deployer);
});

const failing = `systemd-run --quiet --unit=broken --service-type=oneshot /bin/false
echo 'warning: the following units failed: broken.service'; exit 4`;

test('a failing unit: rolled back, and the error names it', async () => {
  await assert.rejects(
    deployer.up(await fixtureSystem('units', { test: failing })),
    failsWith('units-failed', /failed units: broken\.service\n[\s\S]*rolled back to/),
  );
  await machine.assertOn(good, deployer);
  await machine.run('systemctl reset-failed');
});

test('a failing unit with unitFailures accept: live, with a warning', async () => {
  const system = await fixtureSystem('units', { test: failing });
  await deployer.up(system, { unitFailures: 'accept' });
  await machine.assertOn(system, deployer);
  assert.match(deployer.lines.join('\n'), /units failed: broken\.service/);
  await machine.run('systemctl reset-failed');
});

test('a unit that had already failed does not fail the deployment', async () => {
  await machine.run('systemd-run --quiet --unit=broken --service-type=oneshot /bin/false || true');
  const system = await fixtureSystem('units', { test: failing.replace(/^systemd-run.*\n/, '') });
  await deployer.up(system);
  await machine.assertOn(system, deployer);
  await machine.run('systemctl reset-failed');
});

test('a hanging activation: ended at its limit, rolled back', async () => {
  const bad = await fixtureSystem('hang', { test: 'sleep 1000' });
  await assert.rejects(
    deployer.up(bad, { activationTimeoutSeconds: 2 }),
    failsWith('activation-failed', /killed at its timeout[\s\S]*rolled back to/),
  );
  await machine.assertOn(good, deployer);
});

test('a failing boot loader: profile, boot loader and live system are rolled back', async () => {
  const { generation } = deployer.live;
  const bad = await fixtureSystem('boot', { boot: 'echo "No space left on device" >&2; exit 1' });
  await assert.rejects(
    deployer.up(bad),
    failsWith('activation-failed', /No space left on device[\s\S]*rolled back to/),
  );
  await machine.assertOn(good, deployer);
  assert.equal(deployer.live.generation, generation);
  assert.equal(await machine.run('cat /boot/loader/installed'), 'good');
});

test('sshd stops for good: not confirmed, rolled back', async () => {
  const bad = await fixtureSystem('no-sshd', { test: 'systemctl stop ssh.service' });
  await assert.rejects(deployer.up(bad), failsWith('not-confirmed', /rolled back to/));
  await machine.assertOn(good, deployer);
});

test('the network fails during the switch and recovers: confirmed', async () => {
  const system = await fixtureSystem('cut', {
    test: 'ip link set host0 down; sleep 2; ip link set host0 up; echo up again',
  });
  await deployer.up(system, { confirmTimeoutSeconds: 30 });
  await machine.assertOn(system, deployer);
});

test('the new system changes the address: not confirmed, rolled back', async () => {
  await machine.run('ip -4 -o addr show dev host0 | sed "s/.*inet //; s/ .*//" > /run/address');
  const address = await machine.run('cat /run/address');
  const home = await fixtureSystem('home', {
    test: `ip addr flush dev host0; ip addr add ${address} dev host0; systemctl start ssh.service`,
  });
  await deployer.up(home);
  const away = await fixtureSystem('away', {
    test: 'ip addr flush dev host0; ip addr add 10.213.20.99/24 dev host0',
  });
  await assert.rejects(deployer.up(away), failsWith('not-confirmed', /rolled back to .*-home/));
  await machine.assertOn(home, deployer);
});

const supervisor = `unit=$(sed -n 's/^unit=//p' /run/nixos-fleet/holder)`;

test('kill -9 of the supervisor: rolled back at once, without the operator', async () => {
  const bad = await fixtureSystem('killed', { test: 'echo reached; sleep 1000' });
  const { onStatus, acted } = when('reached', () =>
    machine.run(`${supervisor}; systemctl kill --kill-who=main --signal=KILL "$unit.service"`),
  );
  await assert.rejects(deployer.up(bad, { onStatus }), failsWith('activation-failed', /rolled back to/));
  await acted();
  assert.equal((await machine.lastResult())?.outcome, 'killed');
  await machine.assertOn(good, deployer);
});

test('kill -9 of all processes of the unit: rolled back at once', async () => {
  const bad = await fixtureSystem('killed-all', { test: 'echo reached; sleep 1000' });
  const { onStatus, acted } = when('reached', () =>
    machine.run(`${supervisor}; systemctl kill --signal=KILL "$unit.service"`),
  );
  await assert.rejects(deployer.up(bad, { onStatus }), failsWith('activation-failed', /rolled back to/));
  await acted();
  await machine.assertOn(good, deployer);
});

test('a hanging supervisor is ended by its watcher, a unit of its own: rolled back (fault 64)', async () => {
  const bad = await fixtureSystem('stopped', { test: 'echo reached; sleep 1000' });
  const { onStatus, acted } = when('reached', () =>
    // Stops the supervisor, then starts a watcher with a short limit.
    machine.run(`${supervisor}
      systemctl kill --signal=STOP "$unit.service"
      systemctl is-active --quiet "$unit-deadman.service" || exit 9
      cd "/run/nixos-fleet/units/$unit"
      printf 'activation_seconds=1\\nconfirm_seconds=-60\\n' >>parameters
      systemd-run --quiet --collect --unit="$unit-watcher" /bin/sh "$PWD/supervisor.sh" watch "$PWD"`),
  );
  await assert.rejects(deployer.up(bad, { onStatus }), failsWith('activation-failed', /rolled back to/));
  await acted();
  await machine.assertOn(good, deployer);
});

test('a cancelled deployment: rejected, rolled back (fault 55)', async () => {
  const controller = new AbortController();
  const slow = await fixtureSystem('cancelled', { test: 'echo reached; sleep 1' });
  const { onStatus } = when('reached', async () => controller.abort());
  await assert.rejects(
    deployer.up(slow, { onStatus, signal: controller.signal, confirmTimeoutSeconds: 600 }),
    failsWith('cancelled', /rolls back/),
  );
  await machine.until('[ ! -e /run/nixos-fleet/holder ]');
  assert.equal((await machine.lastResult())?.outcome, 'rejected');
  assert.equal(await deployer.refresh(), undefined);
  assert.match(deployer.lines.join('\n'), /last deployment to one \(by .*the operator cancelled/s);
  await machine.assertOn(good, deployer);
});

test('kill -9 of the operator’s program: the machine rolls back by itself', async () => {
  const bad = await fixtureSystem('orphaned', { test: 'echo reached; sleep 1' });
  const program = new URL('./deploy-once.ts', import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [program, JSON.stringify({ connection: machine.target.connection, system: bad })],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('reached')) child.kill('SIGKILL');
  }
  assert.equal(child.signalCode ?? (await once(child, 'exit'))[1], 'SIGKILL');
  await machine.until('[ ! -e /run/nixos-fleet/holder ]');
  assert.equal((await machine.lastResult())?.outcome, 'not-confirmed');
  await deployer.refresh();
  await machine.assertOn(good, deployer);
});

test('a confirmation left over from another deployment is ignored', async () => {
  const system = await fixtureSystem('left-over');
  await machine.run('true');
  const { machineId } = await readMachine(machine.target);
  // Copied by an earlier deployment; started by hand here, so that nothing confirms it.
  await deployer.up(system);
  await deployer.up(good);
  const unit = `nixos-fleet-left-over-${process.pid}`;
  const ownership = { claim: '', urn: 'urn:pulumi:test::fleet::nixos:index:Deployment::one' };
  const by = 'ann@laptop';
  const parameters = { unit, host: 'one', system, by, token: 'new', machineId, expectedLive: '', ownership };
  await begin(
    machine.target,
    { ...deploymentSettings.parse({}), ...parameters, activationSeconds: 30, confirmSeconds: 2 },
    { host: 'one', system, revision: '', by: 'ann@laptop', at: '' },
    {},
  );
  await machine.run(`printf old > /run/nixos-fleet/units/${unit}/confirm`);
  await machine.until(`[ -e /var/lib/nixos-fleet/results/${unit}.json ]`);
  assert.equal((await machine.lastResult())?.outcome, 'not-confirmed');
  await machine.until('! systemctl is-active --quiet "nixos-fleet-*"');
  await machine.assertOn(good, deployer);
});

test('two deployments at once: the second fails, and its error names the first', async () => {
  const first = await fixtureSystem('at-once', { test: 'echo reached; sleep 2' });
  const other = new Deployer(machine.target.connection);
  const { onStatus, acted } = when('reached', () =>
    assert.rejects(
      other.up(good),
      failsWith('deployment-in-progress', /^nixos-fleet-\S+, by \S+@\S+, since 20/),
    ),
  );
  await deployer.up(first, { onStatus });
  await acted();
  await machine.assertOn(first, deployer);
});

test('the live system fails when it is deployed again: it stays live', async () => {
  const flaky = await fixtureSystem('flaky', { test: '[ ! -e /run/flaky ] || exit 2' });
  await deployer.up(flaky);
  // Another next boot, so that the next up deploys.
  await machine.run(`touch /run/flaky; nix-env -p /nix/var/nix/profiles/system --set ${good}`);
  await deployer.refresh();
  await assert.rejects(
    deployer.up(flaky),
    failsWith('activation-failed', /the previous system is the same one/),
  );
  assert.equal(deployer.live.system, flaky);
  assert.equal(deployer.live.profileSystem, good);
  await machine.run('rm /run/flaky');
});

test('the machine is rebooted during the switch: it boots the previous system', async () => {
  const bad = await fixtureSystem('rebooted', { test: 'echo reached; sleep 1000' });
  const { onStatus, acted } = when('reached', async () => {
    await machine.stop();
    await machine.start();
  });
  await assert.rejects(
    deployer.up(bad, { onStatus, confirmTimeoutSeconds: 60 }),
    failsWith('activation-failed', /shutting down, and boots .*-good$/),
  );
  await acted();
  await machine.assertOn(good, deployer);
  assert.equal(deployer.live.booted, good);
});

test('a machine switched by hand: refresh shows it, and up deploys the desired system again', async () => {
  const byHand = await fixtureSystem('by-hand');
  await deployer.up(byHand, { revision: 'theirs' });
  await deployer.up(good);
  await machine.run(`${byHand}/bin/switch-to-configuration test`);
  assert.equal(await deployer.refresh(), undefined);
  assert.equal(deployer.recorded?.inputs.system, byHand);
  assert.equal(deployer.recorded?.inputs.revision, 'theirs', 'read from its record');
  assert.equal(await deployer.up(good), true);
  await machine.assertOn(good, deployer);
});

test('a lost state: import adopts the machine without a diff', async () => {
  await machine.target.close();
  const lost = new Deployer(machine.target.connection);
  await lost.import(machine.url);
  assert.equal(lost.recorded?.id, deployer.recorded?.id);
  assert.equal(await lost.up(good), false);
});

test('another machine at the address: refused, and its state is kept', async () => {
  const stranger = new Deployer(machine.target.connection);
  const { address, identityFile, hostKey } = machine.target.connection;
  await stranger.import(
    `ssh://root@${address}?identityFile=${identityFile}&hostKey=${encodeURIComponent(hostKey ?? '')}`,
  );
  if (stranger.recorded) stranger.recorded.id = '0'.repeat(32);
  assert.match((await stranger.refresh()) ?? '', /wrong-machine/);
  const next = await fixtureSystem('for-another');
  await assert.rejects(stranger.up(next), failsWith('wrong-machine', /machine-id is [0-9a-f]{32}/));
  await machine.assertOn(good, deployer);
});

test('another host key: refused before anything is sent', async () => {
  const wrong = new Deployer({ ...machine.target.connection, hostKey: machine.publicKey });
  await assert.rejects(wrong.up(good), failsWith('host-key', /expected SHA256:[\s\S]*offered {2}SHA256:/));
});

test('a machine that is off: unreachable, and its state is kept', async () => {
  const { recorded } = deployer;
  await machine.stop();
  const off = new Deployer(machine.target.connection);
  await assert.rejects(off.up(good), failsWith('unreachable', /./));
  assert.match((await deployer.refresh()) ?? '', /unreachable/);
  assert.deepEqual(deployer.recorded?.state, recorded?.state);
  await machine.start();
  assert.equal(await deployer.refresh(), undefined);
  await machine.assertOn(good, deployer);
});

test('too little free space: refused before anything changes', async () => {
  const next = await fixtureSystem('no-room');
  await machine.run('mkdir -p /var/tmp/keep && mount -t tmpfs -o size=4m none /var/lib');
  try {
    await assert.rejects(deployer.up(next), failsWith('no-room', /KiB are free/));
  } finally {
    await machine.run('umount /var/lib');
  }
  await machine.assertOn(good, deployer);
});

test('the store fills up during the copy: nothing is switched', async () => {
  const big = await fixtureSystem('big', { files: { filling: 'x'.repeat(24 * 1024 * 1024) } });
  await machine.run(`mkdir -p /run/upper /run/overlay && mount -t tmpfs -o size=8m none /run/overlay
    mkdir /run/overlay/upper /run/overlay/work
    mount -t overlay -o lowerdir=/nix/store,upperdir=/run/overlay/upper,workdir=/run/overlay/work none /nix/store`);
  try {
    await assert.rejects(deployer.up(big), failsWith('no-room', /[Nn]o space left/));
  } finally {
    await machine.run('umount /nix/store; umount /run/overlay');
  }
  await machine.assertOn(good, deployer);
});
