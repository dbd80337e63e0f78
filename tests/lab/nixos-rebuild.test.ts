/** Switches by nixos-rebuild, which is a stand-in here, on a machine with real systemd and sshd. */
import assert from 'node:assert/strict';
import { delimiter } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { readHistory } from '../../lib/machine/record/history.ts';
import { Deployer, type Settings } from './deployer.ts';
import { fixtureSystem } from './fixture-system.ts';
import { failsWith, MachineUnderTest, when } from './machine-under-test.ts';

const path = process.env.PATH ?? '';
const via = (settings: Settings = {}): Settings => ({ via: 'nixos-rebuild', ...settings });
let machine: MachineUnderTest;
let deployer: Deployer;
let good: string;

before(async () => {
  machine = await MachineUnderTest.create('rebuild', '10.213.40');
  good = await fixtureSystem('good');
  deployer = new Deployer(machine.target.connection);
});

after(async () => {
  process.env.PATH = path;
  await machine?.remove();
});

beforeEach(async () => {
  // REAL_NIXOS_REBUILD: folder of a real nixos-rebuild to test with.
  const folder =
    process.env.REAL_NIXOS_REBUILD ?? new URL('../fixtures/nixos-rebuild', import.meta.url).pathname;
  process.env.PATH = `${folder}${delimiter}${path}`;
  await deployer.up(good);
});

test('a switch by nixos-rebuild is recorded like any deployment', async () => {
  const next = await fixtureSystem('rebuilt', {
    test: 'echo "restarting nginx"',
    boot: 'touch /run/booted-by-it',
  });
  // nixos-rebuild calls `switch`: boot loader, then activation.
  const { generation } = deployer.live;
  await deployer.up(next, via({ revision: 'theirs' }));
  await machine.assertOn(next, deployer);
  assert.equal(deployer.live.generation, generation + 1);
  assert.equal(deployer.live.revision, 'theirs');
  assert.ok(
    deployer.lines.some((line) => line.includes('Done. The new configuration is')),
    deployer.lines.join('\n'),
  );
  const [last] = await readHistory(machine.target, 1);
  assert.deepEqual(
    [last?.outcome, last?.system, last?.previous, last?.exitCode, last?.wentBack],
    ['confirmed', next, good, 0, 'not-needed'],
  );
  assert.equal(await deployer.up(next, via()), false);
});

test('nixos-rebuild boot changes only the next boot, test only the live system', async () => {
  const next = await fixtureSystem('next-boot');
  await deployer.up(next, via({ action: 'boot' }));
  const booting = await readMachine(machine.target);
  assert.deepEqual([booting.system, booting.profileSystem], [good, next]);
  await deployer.up(good);
  await deployer.up(next, via({ action: 'test' }));
  const testing = await readMachine(machine.target);
  assert.deepEqual([testing.system, testing.profileSystem], [next, good]);
});

test('a failing switch by nixos-rebuild is not rolled back, and the state records it', async () => {
  const bad = await fixtureSystem('not-activated', { test: 'echo "snippet users failed"; exit 2' });
  await assert.rejects(
    deployer.up(bad, via()),
    failsWith(
      'activation-failed',
      /exit code 2[\s\S]*snippet users failed[\s\S]*nixos-rebuild has no rollback/,
    ),
  );
  await machine.assertOn(bad, deployer);
  assert.equal((await machine.lastResult())?.wentBack, 'not-tried');
});

const failing = `systemd-run --quiet --unit=broken --service-type=oneshot /bin/false
echo 'warning: the following units failed: broken.service'; exit 4`;

test('failing units in a switch by nixos-rebuild are named, or accepted', async () => {
  const system = await fixtureSystem('units-by-it', { test: failing });
  await assert.rejects(
    deployer.up(system, via()),
    failsWith('units-failed', /failed units: broken\.service/),
  );
  await machine.run('systemctl reset-failed');
  await deployer.up(good);
  await deployer.up(system, via({ unitFailures: 'accept' }));
  await machine.assertOn(system, deployer);
  assert.match(deployer.lines.join('\n'), /units failed: broken\.service/);
  await machine.run('systemctl reset-failed');
});

test('a failing health check after nixos-rebuild is an error, without a rollback', async () => {
  const next = await fixtureSystem('unhealthy-by-it');
  const healthChecks = { queue: { command: 'exit 3', timeoutSeconds: 1 } } as Settings['healthChecks'];
  await assert.rejects(
    deployer.up(next, via({ healthChecks })),
    failsWith('health-check-failed', /queue did not pass/),
  );
  await machine.assertOn(next, deployer);
});

test('nixos-rebuild is not started when switch-to-configuration check fails', async () => {
  const bad = await fixtureSystem('refused-by-it', { check: 'echo "no way"; exit 1' });
  await assert.rejects(deployer.up(bad, via()), failsWith('activation-failed', /nothing was changed/));
  await machine.assertOn(good, deployer);
});

test('two deployments at once, one by nixos-rebuild: the second fails, and its error names the first', async () => {
  const slow = await fixtureSystem('slow-by-it', {
    test: 'echo reached; while [ ! -e /run/go ]; do sleep 0.1; done',
  });
  const other = new Deployer(machine.target.connection);
  const { onStatus, acted } = when('reached', async () => {
    await assert.rejects(
      other.up(good),
      failsWith('deployment-in-progress', /nixos-fleet-.*, by .+@.+, since/),
    );
    await machine.run('touch /run/go');
  });
  await deployer.up(slow, via({ onStatus }));
  await acted();
  await machine.assertOn(slow, deployer);
});

test('a hanging switch by nixos-rebuild is ended at its limit, and the lock is released', async () => {
  const { generation } = deployer.live;
  const hang = await fixtureSystem('hang-by-it', { test: 'sleep 1000' });
  const settings = via({ activationTimeoutSeconds: 3, confirmTimeoutSeconds: 1 });
  await assert.rejects(deployer.up(hang, settings), failsWith('activation-failed', /did not end within 3 s/));
  assert.equal((await machine.lastResult())?.outcome, 'timed-out');
  assert.equal((await readMachine(machine.target)).busy, undefined);
  assert.equal(deployer.live.generation, generation + 1);
  await machine.run('systemctl kill --signal=KILL nixos-rebuild-switch-to-configuration; true');
});

test('without nixos-rebuild on PATH: an error with a fix, and nothing changes', async () => {
  process.env.PATH = path;
  const next = await fixtureSystem('no-tool');
  await assert.rejects(deployer.up(next, via()), failsWith('tool-missing', /on this computer/));
  await machine.assertOn(good, deployer);
});
