/** The supervisor's rollback and recovery, on a machine of files. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type ActivationResult, activationResult } from '../../../../../lib/machine/record/result.ts';
import { BootMachine, cannotRun } from './boot-machine.ts';
import { folder, prepareSwitch } from './prepare-switch.ts';

const machines: BootMachine[] = [];
after(() => {
  for (const machine of machines) machine.remove();
});

/** A machine with the supervisor's files, and what it is to switch to. */
function prepared(
  bootLoader: 'systemd-boot' | 'grub',
  parts: Parameters<BootMachine['system']>[1] = {},
): BootMachine {
  const machine = new BootMachine(bootLoader);
  machines.push(machine);
  const system = machine.system('new', parts);
  prepareSwitch(machine, system, {}, 'confirm');
  return machine;
}

function supervise(machine: BootMachine, mode = 'run'): ActivationResult {
  const { stdout, stderr } = machine.run(`sh /${folder}/supervisor.sh ${mode} /${folder}\n`);
  const result = machine.read('var/lib/nixos-fleet/results/u.json');
  assert.ok(result, stdout + stderr);
  return activationResult.parse(JSON.parse(result));
}

const onOld = { live: 'old', profile: 'old', default: 'old', once: '' };
const onNew = { live: 'new', profile: 'new', default: 'new', once: '' };
const failingBoot = 'echo "No space left on device"; exit 1';

test('confirmed: live system, profile and default are the new one', { skip: cannotRun }, () => {
  for (const bootLoader of ['systemd-boot', 'grub'] as const) {
    const machine = prepared(bootLoader);
    assert.deepEqual([supervise(machine).outcome, machine.state()], ['confirmed', onNew]);
  }
});

test('a failing boot loader whose old generation is gone: the recorded system is set and booted (fault 1)', {
  skip: cannotRun,
}, () => {
  const machine = prepared('systemd-boot', {
    onTest: 'rm /nix/var/nix/profiles/system-1-link /nix/var/nix/profiles/system',
    onBoot: failingBoot,
  });
  const { outcome, wentBack, notBack } = supervise(machine);
  assert.deepEqual([outcome, wentBack, notBack], ['boot-loader-failed', 'yes', '']);
  assert.deepEqual(machine.state(), onOld);
});

test('a rollback that cannot set the profile: failed, and the boot loader starts the recorded system (fault 1)', {
  skip: cannotRun,
}, () => {
  const machine = prepared('systemd-boot', {
    onBoot: `printf '%s\\n' --set --switch-generation >/no-nix-env; ${failingBoot}`,
  });
  const { outcome, wentBack, notBack } = supervise(machine);
  assert.deepEqual([outcome, wentBack, notBack], ['boot-loader-failed', 'failed', 'the system profile']);
  assert.deepEqual(machine.state(), { ...onOld, profile: 'new' });
});

test('a rollback whose boot loader fails: failed, with its exit code (fault 1)', { skip: cannotRun }, () => {
  const machine = prepared('grub', { onBoot: failingBoot });
  machine.write('systems/old/on-boot', 'exit 3');
  const { wentBack, notBack, rollbackExitCode } = supervise(machine);
  assert.deepEqual(
    [wentBack, notBack, rollbackExitCode],
    ['failed', 'the boot loader’s default'.replace('’', "'"), 3],
  );
  assert.equal(machine.state().live, 'old');
});

test('a deployment disarms what was to boot once, and ends watchers of earlier runs (faults 4, 63)', {
  skip: cannotRun,
}, () => {
  const machine = prepared('systemd-boot');
  machine.ok(`sed 's/old/other/' /boot/loader/entries/nixos-1.conf >/boot/loader/entries/fleet-trial.conf
    bootctl set-oneshot fleet-trial.conf
    mkdir -p /var/lib/nixos-fleet/trial /etc/systemd/system.control/sysinit.target.wants
    touch /etc/systemd/system.control/nixos-fleet-trial.service
    kexec --load k`);
  machine.write('listed-units', 'nixos-fleet-0-deadman.timer\nnixos-fleet-0-deadman.service\n');
  assert.equal(supervise(machine).outcome, 'confirmed');
  assert.deepEqual(machine.state(), onNew);
  assert.equal(
    machine.ok(
      'ls -d /var/lib/nixos-fleet/trial /etc/systemd/system.control /boot/loader/entries/fleet* 2>/dev/null || true',
    ),
    '',
  );
  assert.equal(machine.read('sys/kernel/kexec_loaded'), '0\n');
  assert.ok(
    machine.log().includes('systemctl stop nixos-fleet-0-deadman.timer nixos-fleet-0-deadman.service'),
  );
});

test('watchers of earlier runs are found by the files of transient units, without a question to systemd', {
  skip: cannotRun,
}, () => {
  const machine = prepared('systemd-boot');
  const transient = 'run/systemd/transient';
  for (const name of ['u.service', 'u-deadman.service', 'nixos-fleet-0-deadman.service', 'other.service'])
    machine.write(`${transient}/${name}`, '');
  machine.write('listed-units', 'nixos-fleet-9-deadman.service\n');
  assert.equal(supervise(machine).outcome, 'confirmed');
  assert.deepEqual(
    machine.log().filter((line) => /deadman/.test(line) && !/^systemd-run/.test(line)),
    ['systemctl stop nixos-fleet-0-deadman.service'],
  );
});

/** The supervisor was killed while it waited for the confirmation, or later. */
function killed(machine: BootMachine, { latest = 'u', phase = 'waiting' } = {}): void {
  machine.write(`${folder}/phase`, phase);
  machine.write(`${folder}/alive`, '');
  machine.write(
    `${folder}/previous`,
    "old='/systems/old'\nold_profile='/systems/old'\nold_generation='1'\nold_default='/systems/old'\nstarted='1'\n",
  );
  machine.write('run/nixos-fleet/latest', latest);
  machine.ok(
    'mkdir -p /var/lib/nixos-fleet; touch /run/nixos-fleet/lock; ln -sfn /systems/new /run/current-system; rm -f /log',
  );
}

test('a supervisor killed with its whole unit: the watcher rolls back (fault 63)', {
  skip: cannotRun,
}, () => {
  const machine = prepared('systemd-boot');
  killed(machine);
  const { outcome, wentBack } = supervise(machine, 'watch');
  assert.deepEqual([outcome, wentBack, machine.state()], ['killed', 'yes', onOld]);
});

test('a killed supervisor never undoes a later switch (fault 63)', { skip: cannotRun }, () => {
  for (const [live, latest] of [
    ['new', 'v'],
    ['other', 'u'],
  ] as const) {
    const machine = prepared('systemd-boot');
    machine.system('other');
    killed(machine, { latest });
    machine.ok(`ln -sfn /systems/${live} /run/current-system`);
    for (const mode of ['stopped', 'watch']) {
      assert.equal(supervise(machine, mode).wentBack, 'superseded');
      assert.equal(machine.state().live, live);
    }
  }
});

test('the watcher’s deadline is no timer that a daemon-reload restarts (fault 64)', {
  skip: cannotRun,
}, () => {
  const machine = prepared('systemd-boot');
  supervise(machine);
  const started = machine.log().filter((line) => line.startsWith('systemd-run'));
  assert.deepEqual(started, [
    `systemd-run --quiet --collect --unit=u-deadman /bin/sh /${folder}/supervisor.sh watch /${folder}`,
  ]);
});
