/**
 * More faults of a switch on a machine with real systemd and sshd: slow ones, and those of network, clocks and stores.
 * docs/reliability.md lists them.
 */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, mock, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { copyClosure } from '../../lib/store/nix/copy.ts';
import { labSystems } from './build-systems.ts';
import { Deployer } from './deployer.ts';
import { fixtureSystem } from './fixture-system.ts';
import { failsWith, MachineUnderTest, when } from './machine-under-test.ts';

let machine: MachineUnderTest;
let deployer: Deployer;
/** The system that every test begins with, live and next boot. */
let good: string;

before(async () => {
  machine = await MachineUnderTest.create('faults', '10.213.32');
  good = await fixtureSystem('good', { test: 'systemctl start ssh.service' });
  deployer = new Deployer(machine.target.connection);
});

after(async () => {
  await machine?.remove();
});

beforeEach(async () => {
  await deployer.up(good);
});

test('the network fails during the switch for good: the machine rolls back by itself', async () => {
  const bad = await fixtureSystem('cut-off', { test: 'echo reached; sleep 1' });
  const { onStatus, acted } = when('reached', () => machine.cable('down'));
  try {
    await assert.rejects(
      deployer.up(bad, { onStatus, confirmTimeoutSeconds: 1 }),
      failsWith('unreachable', /rolls back to the previous system/),
    );
    await acted();
    assert.equal(deployer.live.system, good, 'the state keeps the last reading');
  } finally {
    await machine.cable('up');
  }
  await machine.reachable();
  await machine.until('[ ! -e /run/nixos-fleet/holder ]');
  assert.equal((await machine.lastResult())?.outcome, 'not-confirmed');
  assert.equal(await deployer.refresh(), undefined);
  assert.match(deployer.lines.join('\n'), /not be confirmed in time/);
  await machine.assertOn(good, deployer);
});

test('the deadline of a hanging supervisor does not slide with daemon-reload: rolled back (fault 64)', async () => {
  const bad = await fixtureSystem('hangs', { test: 'echo reached; sleep 1000' });
  const { onStatus, acted } = when('reached', () =>
    machine.run(`unit=$(sed -n 's/^unit=//p' /run/nixos-fleet/holder)
      systemctl kill --signal=STOP "$unit.service"
      systemctl is-active "$unit-deadman.service"
      systemd-run --quiet --collect sh -c 'for n in 1 2 3 4 5 6; do sleep 10; systemctl daemon-reload; done'`),
  );
  const settings = { onStatus, activationTimeoutSeconds: 2, confirmTimeoutSeconds: 1 };
  await assert.rejects(deployer.up(bad, settings), failsWith('activation-failed', /rolled back to/));
  await acted();
  assert.equal((await machine.lastResult())?.outcome, 'killed');
  await machine.assertOn(good, deployer);
});

const day = 24 * 3600 * 1000;

test('clocks a day apart, either way: confirmed, or rolled back on failure', async () => {
  for (const offset of [day, -day]) {
    mock.timers.enable({ apis: ['Date'], now: Date.now() + offset });
    try {
      const next = await fixtureSystem(`clock-${offset > 0 ? 'ahead' : 'behind'}`);
      await deployer.up(next);
      await machine.assertOn(next, deployer);
      const endedAt = ((await machine.lastResult())?.endedAt ?? 0) * 1000;
      assert.ok(Math.abs(endedAt + offset - Date.now()) < day / 2, 'results have the machine’s time');
      assert.equal(await deployer.refresh(), undefined);
      assert.equal(await deployer.up(next), false);
      const bad = await fixtureSystem('bad-clock', { test: 'exit 2' });
      await assert.rejects(deployer.up(bad), failsWith('activation-failed', /rolled back to/));
      await machine.assertOn(next, deployer);
    } finally {
      mock.timers.reset();
    }
  }
});

/** Corrupts a file of a store path. */
function corrupt(file: string): void {
  chmodSync(file, 0o755);
  writeFileSync(file, 'x');
}

test('a path corrupted in this computer’s store: the machine rejects it', async () => {
  const bad = await fixtureSystem('corrupted-here', { files: { data: `${process.pid}` } });
  corrupt(join(bad, 'data'));
  try {
    await assert.rejects(deployer.up(bad), failsWith('copy-failed', /hash mismatch.*\n?.*corrupted-here/));
  } finally {
    await run('nix-store', ['--delete', '--ignore-liveness', bad], { timeoutSeconds: 60 });
  }
  await machine.assertOn(good, deployer);
});

test('a path corrupted in the machine’s store: the switch is refused', async () => {
  const bad = await fixtureSystem('corrupted-there', { files: { data: `${process.pid}` } });
  const { uri, env } = machine.target.store();
  await copyClosure({ paths: [bad], target: uri, sshOpts: env.NIX_SSHOPTS });
  await machine.run(`chmod u+w ${bad}/bin/switch-to-configuration; echo >${bad}/bin/switch-to-configuration`);
  await assert.rejects(
    deployer.up(bad),
    failsWith('copy-failed', /corrupted-there do not match their registered hash[\s\S]*nothing was changed/),
  );
  await machine.assertOn(good, deployer);
});

test('an unsigned path from a user whom the machine’s store does not trust: rejected, with the reason', async () => {
  await machine.run(`useradd --create-home ops && cp -r /root/.ssh /home/ops/ && chown -R ops /home/ops/.ssh
    folder=$(dirname "$(readlink -f "$(command -v nix-daemon)")")
    while [ "$folder" != / ]; do chmod a+x "$folder" 2>/dev/null; folder=$(dirname "$folder"); done
    systemd-run --quiet --unit=nix-daemon-test nix-daemon --daemon; systemctl is-active nix-daemon-test`);
  // Only input-addressed paths need a signature.
  const expression = `derivation { name = "unsigned"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo ${process.pid} >$out" ]; }`;
  const flags = ['--extra-experimental-features', 'nix-command', '--no-link', '--print-out-paths'];
  const built = await run('nix', ['build', ...flags, '--impure', '--expr', expression], {
    timeoutSeconds: 60,
  });
  const path = built.stdout.trim();
  const { env } = machineAt('one', { ...machine.target.connection, user: 'ops' }).store();
  await assert.rejects(
    copyClosure({
      paths: [path],
      target: `ssh-ng://ops@${machine.address}`,
      sshOpts: env.NIX_SSHOPTS,
      host: 'one',
    }),
    failsWith('copy-failed', /unsigned.*lacks a signature by a trusted key/),
  );
  await machine.run('systemctl stop nix-daemon-test; userdel --remove ops 2>/dev/null; true');
});

test('a full boot partition: profile, boot loader and live system are rolled back', async () => {
  const { plain = '', changed = '' } = await labSystems(['plain', 'changed']);
  await deployer.up(plain);
  const loader = async () =>
    await machine.run('cd /boot/loader && cat loader.conf entries/*.conf && ls entries');
  const before = await loader();
  // A separate file system, filled completely.
  await machine.run(`cp -a /boot /run/boot && mount -t tmpfs -o size=128k none /boot && cp -a /run/boot/. /boot/
    cat /dev/zero >/boot/filling; [ "$(stat -f -c %a /boot)" = 0 ]`);
  try {
    await assert.rejects(
      deployer.up(changed),
      failsWith(
        'activation-failed',
        /No space left on device[\s\S]*Failed to install bootloader[\s\S]*rolled back to .*/,
      ),
    );
    await machine.assertOn(plain, deployer);
    assert.equal(await loader(), before);
  } finally {
    await machine.run('umount /boot');
  }
  await deployer.up(changed);
  await machine.assertOn(changed, deployer);
});

/** REEXECUTIONS=20 plays more rounds; docs/reliability.md has the result. */
const reexecutions = Number(process.env.REEXECUTIONS ?? 2);

test('a systemd that re-executes itself in the switch, reloaded meanwhile, and sshd restarted: confirmed each time (faults 48, 60)', async () => {
  const { plain = '', reexecuted = '' } = await labSystems(['plain', 'reexecuted']);
  await deployer.up(plain);
  for (let round = 1; round <= reexecutions; round += 1) {
    const system = round % 2 === 1 ? reexecuted : plain;
    const delays = Array.from({ length: 4 }, () => (Math.random() * 2).toFixed(2));
    // Without reset-failed, systemd refuses the sixth start within ten seconds.
    const wait = 'until grep -q activating /run/nixos-fleet/units/*/phase; do sleep 0.05; done';
    const disturbance = `${wait} 2>&-; for delay in ${delays.join(' ')}; do sleep $delay; systemctl daemon-reload; systemctl reset-failed ssh; systemctl restart ssh; done`;
    await machine.run(`systemd-run --quiet --collect --unit=disturb-${round} sh -c '${disturbance}'`);
    await deployer.up(system, { confirmTimeoutSeconds: 60 });
    assert.ok(deployer.lines.includes('restarting systemd...'), deployer.lines.join('\n'));
    await machine.assertOn(system, deployer);
    await machine.until(`! systemctl is-active --quiet disturb-${round}`);
    console.log(`round ${round}: confirmed, disturbed after ${delays.join(', ')} s`);
  }
});
