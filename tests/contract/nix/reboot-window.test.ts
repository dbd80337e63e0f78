/** The scripts of the reboot window, on a machine of files. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { bootStateScript, lockScript } from '../../../lib/machine/script/text.ts';
import { BootMachine, cannotRun } from '../lib/machine/boot/boot-machine.ts';

const machines: BootMachine[] = [];
after(() => {
  for (const machine of machines) machine.remove();
});
const text = (name: string) =>
  readFileSync(new URL(`../../../nix/modules/scripts/${name}`, import.meta.url), 'utf8');

/** The profile names `new`, with another kernel; the boot loader starts `old`, as before a trial. */
function untried(): BootMachine {
  const machine = new BootMachine('systemd-boot');
  machines.push(machine);
  machine.system('new', { kernel: 'k2' });
  machine.ok('nix-env -p "$profile" --set /systems/new; set_default /systems/old');
  return machine;
}
const check = (machine: BootMachine) =>
  machine.ok(
    `export FLEET_FROM=00:00 FLEET_TO=23:59 FLEET_METHOD=reboot; date() { echo 12:00; }\n(\n${text('reboot-if-due.sh')}\n)`,
  );
const reboots = (machine: BootMachine) =>
  machine.log().filter((line) => line.startsWith('systemctl reboot')).length;

test('a reboot that would start the booted kernel again is not due (fault 5)', { skip: cannotRun }, () => {
  const machine = untried();
  assert.match(check(machine), /no reboot is due: the next boot starts \/systems\/old/);
  assert.equal(reboots(machine), 0);
});

test('what the boot loader starts is rebooted into, once (fault 5)', { skip: cannotRun }, () => {
  const machine = untried();
  machine.ok('set_default /systems/new');
  assert.match(check(machine), /reboot into \/systems\/new \(new: kernel initrd kernel-modules\)/);
  assert.equal(reboots(machine), 1);
  // It started the old one, for whatever reason.
  assert.match(check(machine), /the one before did not start \/systems\/new/);
  assert.equal(reboots(machine), 1);
});

test('a boot on trial is left to its operator (fault 5)', { skip: cannotRun }, () => {
  const machine = untried();
  machine.ok(`sed 's/old/new/' /boot/loader/entries/nixos-1.conf >/boot/loader/entries/fleet-trial.conf
    bootctl set-oneshot fleet-trial.conf`);
  assert.match(check(machine), /chosen already, as for a trial/);
  assert.equal(reboots(machine), 0);
});

test('a rollback on the machine cancels a trial, and boots the earlier generation', {
  skip: cannotRun,
}, () => {
  const machine = untried();
  machine.ok(`set_default /systems/new
    sed 's/old/new/' /boot/loader/entries/nixos-1.conf >/boot/loader/entries/fleet-trial.conf
    bootctl set-oneshot fleet-trial.conf`);
  machine.ok(`set -- 1\n(\n${text('rollback.sh')}\n)`);
  assert.deepEqual(machine.state(), { live: 'old', profile: 'old', default: 'old', once: '' });
  assert.equal(reboots(machine), 1);
});

test('a rollback whose boot loader fails sets everything back', { skip: cannotRun }, () => {
  const machine = untried();
  machine.ok('set_default /systems/new');
  machine.write('systems/old/on-boot', 'exit 1');
  const { status, stderr } = machine.run(
    `${lockScript}${bootStateScript}set -- 1\n(\n${text('rollback.sh')}\n)\n`,
  );
  assert.equal(status, 1);
  assert.match(stderr, /set back to \/systems\/new/);
  assert.equal(machine.state().profile, 'new');
  assert.equal(reboots(machine), 0);
});
