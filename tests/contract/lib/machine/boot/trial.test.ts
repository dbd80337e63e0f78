/** Boots on trial, on a machine of files: arming, refusals, and what the unit does in the boots after it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { shellVariables } from '../../../../../lib/base/quote.ts';
import { armScript, trialFiles } from '../../../../../lib/machine/reboot/trial.ts';
import { type ActivationResult, activationResult } from '../../../../../lib/machine/record/result.ts';
import type { Reply } from '../../../../../lib/machine/script/reply.ts';
import { BootMachine, cannotRun } from './boot-machine.ts';

const machines: BootMachine[] = [];
after(() => {
  for (const machine of machines) machine.remove();
});
const skip = { skip: cannotRun };

/** The profile names the system `new`, with another kernel; the boot loader starts `old`. */
function machineWith(bootLoader: 'systemd-boot' | 'grub' | 'none', tries = ''): BootMachine {
  const machine = new BootMachine(bootLoader);
  machines.push(machine);
  if (tries) machine.write('tries', tries);
  machine.system('new', { kernel: 'k2' });
  machine.ok(
    'nix-env -p "$profile" --set /systems/new; set_default /systems/old; ln -sfn /systems/new /run/current-system',
  );
  return machine;
}

function arm(machine: BootMachine, { kexec = '', required = '' } = {}): Reply {
  const parameters = shellVariables({
    unit: 'u',
    host: 'web',
    system: '/systems/new',
    previous: '/systems/old',
    profile: '/nix/var/nix/profiles/system',
    revision: '',
    by: 'ann',
    token: 'abc123',
    limit_seconds: 1,
    boot_id: 'boot-1',
    kexec,
    required,
  });
  return machine.reply(armScript, { variables: { ...trialFiles, unit: 'u', by: 'ann', parameters } });
}

/** The machine boots a system, and the trial's unit runs. */
function boot(machine: BootMachine, system: string, id = 'boot-2'): ActivationResult | undefined {
  machine.write('boot-id', `${id}\n`);
  machine.ok(`ln -sfn /systems/${system} /run/booted-system; ln -sfn /systems/${system} /run/current-system
    rm -rf /run/nixos-fleet "$efi/LoaderEntryOneShot-$efi_vendor"; echo 0 >/sys/kernel/kexec_loaded
    [ ! -e /boot/grub/grubenv ] || [ -e /grubenv-is-read-only ] || rm /boot/grub/grubenv`);
  machine.run('sleep() { :; }\nsh /var/lib/nixos-fleet/trial/trial.sh boot\n');
  const result = machine.read('var/lib/nixos-fleet/results/u.json');
  return result ? activationResult.parse(JSON.parse(result)) : undefined;
}

const armed = { live: 'new', profile: 'new', default: 'old', once: 'new' };
const disarmed = { ...armed, once: '' };
const leftovers = (machine: BootMachine) =>
  machine.ok(
    'ls -d /var/lib/nixos-fleet/trial /etc/systemd/system.control /boot/loader/entries/fleet* /run/nixos-fleet/holder 2>/dev/null || true',
  );

for (const [title, bootLoader, kexec, tries] of [
  ['systemd-boot', 'systemd-boot', '', ''],
  ['systemd-boot that counts boots', 'systemd-boot', '', '3'],
  ['grub', 'grub', '', ''],
  ['kexec', 'systemd-boot', 'yes', ''],
] as const) {
  test(`${title}: armed, then confirmed, or fallen back`, skip, () => {
    const machine = machineWith(bootLoader, tries);
    const reply = arm(machine, { kexec });
    assert.deepEqual(
      [reply.text('state'), reply.text('by')],
      ['armed', kexec ? 'kexec' : bootLoader],
      reply.why(),
    );
    assert.deepEqual(machine.state(), armed);
    machine.write('var/lib/nixos-fleet/trial/confirm', 'abc123');
    const confirmed = boot(machine, 'new');
    assert.deepEqual([confirmed?.outcome, confirmed?.wentBack], ['confirmed', 'not-needed']);
    assert.deepEqual(machine.state(), { live: 'new', profile: 'new', default: 'new', once: '' });
    assert.equal(leftovers(machine), '');

    const failing = machineWith(bootLoader, tries);
    arm(failing, { kexec });
    const result = boot(failing, 'old');
    assert.deepEqual([result?.outcome, result?.wentBack, result?.notBack], ['trial-failed', 'yes', '']);
    assert.deepEqual(failing.state(), { live: 'old', profile: 'old', default: 'old', once: '' });
    assert.equal(leftovers(failing), '');
  });
}

test('a fallback that cannot set the profile back is reported as failed (fault 1)', skip, () => {
  const machine = machineWith('systemd-boot');
  arm(machine);
  machine.write('no-nix-env', '--set\n--switch-generation\n');
  const result = boot(machine, 'old');
  assert.deepEqual([result?.wentBack, result?.notBack], ['failed', 'the system profile']);
});

test('a boot loader that no longer has the previous system: no trial (fault 9)', skip, () => {
  const machine = machineWith('systemd-boot');
  machine.write('limit', '1');
  const reply = arm(machine);
  assert.match(reply.why(), /no entry for the previous system .*limit of configurations/);
  assert.equal(machine.state().once, '');
  assert.equal(leftovers(machine), '');
  const required = machineWith('systemd-boot');
  required.write('limit', '1');
  assert.equal(arm(required, { required: 'yes' }).text('state'), 'impossible');
  assert.deepEqual(
    required.state(),
    { live: 'new', profile: 'old', default: 'old', once: '' },
    'the next boot is the previous system',
  );
  // GRUB's first entry is the default, whatever the limit.
  const grub = machineWith('grub');
  grub.write('limit', '1');
  assert.equal(arm(grub).text('state'), 'armed');
});

test('GRUB that cannot write its environment: no trial, and nothing is left in it (fault 10)', skip, () => {
  for (const [fileSystem, device] of [
    ['btrfs', ''],
    ['zfs', ''],
    ['ext4', 'dm'],
    ['ext4', 'md'],
  ] as const) {
    const machine = machineWith('grub');
    machine.write('file-system', fileSystem);
    // The question is only about /boot here.
    machine.write('etc/old', '');
    machine.ok('touch -d "2 days ago" /etc/old');
    if (device) machine.ok(`mkdir /sys/dev/block/8:1/${device}`);
    const reply = arm(machine);
    assert.match(
      reply.why(),
      fileSystem === 'ext4' ? /GRUB cannot write/ : /GRUB cannot write|survive a reboot/,
    );
    assert.deepEqual(machine.state(), disarmed);
  }
});

test('GRUB: after a refusal its environment names no system (fault 10)', skip, () => {
  const machine = machineWith('grub');
  machine.write('bin-first/grub-reboot', '#!/bin/sh\nprintf "next_entry=x\\n" >/boot/grub/grubenv\n');
  assert.match(arm(machine).why(), /did not take/);
  assert.equal(machine.read('boot/grub/grubenv'), '');
});

test(
  'GRUB that starts the system on trial again: back to the previous system, once (faults 4, 10)',
  skip,
  () => {
    const machine = machineWith('grub');
    arm(machine);
    machine.write('grubenv-is-read-only', '');
    boot(machine, 'new');
    assert.ok(machine.log().includes('systemctl reboot'), 'not confirmed');
    machine.write('log', '');
    machine.ok('rm /grubenv-is-read-only');
    assert.equal(boot(machine, 'new', 'boot-3'), undefined);
    assert.ok(machine.log().includes('systemctl reboot'));
    assert.equal(machine.state().once, '');
    assert.equal(boot(machine, 'old', 'boot-4')?.wentBack, 'yes');
  },
);

test(
  'a system that was confirmed and whose trial could not be ended boots again: confirmed (fault 4)',
  skip,
  () => {
    const machine = machineWith('systemd-boot');
    arm(machine);
    machine.write('var/lib/nixos-fleet/trial/booted', 'boot-2\n');
    machine.ok('set_default /systems/new');
    assert.equal(boot(machine, 'new', 'boot-3')?.outcome, 'confirmed');
  },
);

test('a trial that nobody starts is disarmed (fault 4)', skip, () => {
  const machine = machineWith('systemd-boot');
  arm(machine);
  assert.ok(machine.log().some((line) => line.startsWith('systemd-run') && line.endsWith('trial.sh expire')));
  machine.write('bin-first/sleep', '#!/bin/sh\n');
  machine.ok('chmod +x /bin-first/sleep; sh /var/lib/nixos-fleet/trial/trial.sh expire');
  assert.deepEqual(machine.state(), disarmed);
  assert.equal(leftovers(machine), '');
});

test('a folder that does not survive a reboot: no trial (fault 11)', skip, () => {
  for (const fileSystem of ['tmpfs', 'btrfs', 'overlay']) {
    const machine = machineWith('systemd-boot');
    machine.write('file-system', fileSystem);
    const reply = arm(machine);
    assert.match(reply.why(), /no file in \/\S+ is known to survive a reboot/);
    assert.deepEqual(machine.state(), disarmed);
  }
});

test('a trial under way is not replaced by another (fault 8)', skip, () => {
  const machine = machineWith('systemd-boot');
  arm(machine);
  machine.ok('take_lock v bob; echo kept >/var/lib/nixos-fleet/trial/mark');
  const reply = machine.reply(
    `mkdir -p /run/nixos-fleet; exec 6>/run/nixos-fleet/lock; flock 6; chmod 600 /run/nixos-fleet/lock\n(\n${armScript}\n)`,
    {
      variables: { ...trialFiles, unit: 'w', by: 'eve', parameters: 'unit=w' },
    },
  );
  assert.deepEqual([reply.text('state'), reply.text('by')], ['busy', 'bob']);
  assert.equal(machine.read('var/lib/nixos-fleet/trial/mark'), 'kept\n');
});
