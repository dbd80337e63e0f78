/** The state of what a machine boots: profile, boot loader's default, choice for the next boot, kexec. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { scriptFile } from '../../../../../lib/machine/script/text.ts';
import { BootMachine, cannotRun } from './boot-machine.ts';

const sources = new URL('../../../../../', import.meta.url);

const machines: BootMachine[] = [];
after(() => {
  for (const machine of machines) machine.remove();
});
function machineWith(bootLoader: 'systemd-boot' | 'grub' | 'none'): BootMachine {
  const machine = new BootMachine(bootLoader);
  machines.push(machine);
  return machine;
}
const profile = '/nix/var/nix/profiles/system';
const old = { live: 'old', profile: 'old', default: 'old', once: '' };

for (const bootLoader of ['systemd-boot', 'grub', 'none'] as const) {
  test(`${bootLoader}: default and next boot are read`, { skip: cannotRun }, () => {
    const machine = machineWith(bootLoader);
    if (bootLoader === 'none') machine.ok('set_default /systems/old');
    assert.deepEqual(machine.state(), old);
    machine.system('new');
    machine.ok(`nix-env -p ${profile} --set /systems/new; set_default /systems/old`);
    assert.deepEqual(machine.state(), { ...old, profile: 'new' });
    assert.equal(machine.ok('boot_next'), '/systems/old');
    machine.ok('set_default /systems/new');
    assert.equal(machine.state().default, 'new');
  });
}

test('a menu is on the disk before the default counts as set, also if its installer failed', {
  skip: cannotRun,
}, () => {
  const machine = machineWith('grub');
  machine.write('bin-first/sync', '#!/bin/sh\n[ -e /var/lib/nixos-fleet/default ] || echo sync >>/log\n');
  chmodSync(join(machine.root, 'bin-first/sync'), 0o755);
  machine.system('broken', { onBoot: 'exit 1' });
  machine.ok('set_default /systems/broken && exit 1; set_default /systems/old');
  assert.match(machine.read('log'), /^boot broken\nsync\nboot old\n(.+\n)*sync\n$/);
});

test('an entry with tries, and a default that an EFI variable names', { skip: cannotRun }, () => {
  const machine = machineWith('systemd-boot');
  machine.system('new');
  machine.ok(`nix-env -p ${profile} --set /systems/new; set_default /systems/new
    mv /boot/loader/entries/nixos-2.conf /boot/loader/entries/nixos-2+2-1.conf`);
  assert.equal(machine.state().default, 'new');
  machine.ok(
    '{ printf 1234; printf nixos-1.conf | sed "s/./&\\x00/g"; } >$efi/LoaderEntryDefault-$efi_vendor',
  );
  assert.equal(machine.state().default, 'old');
  machine.ok('printf "default nixos-*\\n" >/boot/loader/loader.conf; rm $efi/LoaderEntryDefault-*');
  assert.equal(machine.state().default, 'new', 'of several entries, the newest');
  machine.ok('sed -i "/^sort-key/d" /boot/loader/entries/*');
  assert.equal(machine.state().default, '', 'without a sort key, their order is not known');
});

test('boot counting: the preferred entry, or the newest where it has no try left', {
  skip: cannotRun,
}, () => {
  const machine = machineWith('systemd-boot');
  machine.write('tries', '3');
  machine.system('new');
  machine.ok(`nix-env -p ${profile} --set /systems/new; set_default /systems/old`);
  assert.equal(machine.state().default, 'old');
  const entries = '/boot/loader/entries';
  machine.ok(`mv ${entries}/nixos-1+3.conf ${entries}/nixos-1+0-3.conf`);
  assert.equal(machine.state().default, 'new');
  machine.ok(`mv ${entries}/nixos-2+3.conf ${entries}/nixos-2+0-3.conf`);
  assert.equal(machine.state().default, 'new', 'all have failed');
  machine.ok(`mv ${entries}/nixos-1+0-3.conf ${entries}/nixos-1.conf`);
  assert.equal(machine.state().default, 'old');
  machine.ok('bootctl set-oneshot nixos-2.conf');
  assert.equal(machine.state().once, 'new', 'an entry is named without its tries');
  machine.ok(
    '{ printf 1234; printf nixos-2.conf | sed "s/./&\\x00/g"; } >$efi/LoaderEntryPreferred-$efi_vendor; bootctl set-oneshot ""',
  );
  assert.equal(machine.state().default, 'old', 'a preferred entry without a try left is skipped');
});

test('GRUB: the names of entries have their menus, and the default may be a place or a title', {
  skip: cannotRun,
}, () => {
  const machine = machineWith('grub');
  machine.write(
    'boot/grub/grub.cfg',
    `set default=1
menuentry "NixOS" --class nixos --unrestricted {
  linux ($drive1)/nix/store/k-linux/bzImage init=/nix/store/a+1-nixos-system-web/init loglevel=4
}
menuentry "NixOS - night" --class nixos --unrestricted {
  linux ($drive1)/nix/store/k-linux/bzImage init=/nix/store/n-nixos-system-web/init
}
submenu "NixOS - All configurations" --class submenu {
menuentry 'NixOS - Ann"s' --class nixos --unrestricted {
  linux ($drive1)/nix/store/k-linux/bzImage init=/nix/store/b-nixos-system-web/init
}
menuentry "NixOS - Configuration 11 (2026-07-20 - 26.05)" --class nixos --unrestricted {
  linux ($drive1)/nix/store/k-linux/bzImage init=/nix/store/b-nixos-system-web/init2 x
  linux ($drive1)/nix/store/k-linux/bzImage init=/nix/store/c-nixos-system-web/init
}
}
`,
  );
  const entry = (letter: string) => machine.ok(`entry_of /nix/store/${letter}-nixos-system-web`);
  assert.deepEqual(['a+1', 'n', 'b', 'c', 'z'].map(entry), [
    'NixOS',
    'NixOS - night',
    'NixOS - All configurations>NixOS - Ann"s',
    'NixOS - All configurations>NixOS - Configuration 11 (2026-07-20 - 26.05)',
    '',
  ]);
  assert.equal(machine.ok('boot_default'), '/nix/store/n-nixos-system-web');
});

test('the choice for the next boot is read and cleared: entry, GRUB’s environment, kexec (faults 4, 10)', {
  skip: cannotRun,
}, () => {
  const efi = machineWith('systemd-boot');
  efi.ok(
    'sed "s/old/new/" /boot/loader/entries/nixos-1.conf >/boot/loader/entries/fleet-trial.conf; bootctl set-oneshot fleet-trial.conf',
  );
  assert.equal(efi.state().once, 'new');
  assert.equal(efi.ok('boot_next'), '/systems/new');
  efi.ok('clear_once');
  assert.deepEqual(efi.state(), old);
  const grub = machineWith('grub');
  grub.ok('grub-reboot --boot-directory=/boot "NixOS - All configurations>NixOS - Configuration 1"');
  assert.equal(grub.state().once, 'old');
  grub.write('grubenv-is-read-only', '');
  assert.equal(grub.ok('clear_once || echo remains'), 'remains');
  grub.ok('rm /grubenv-is-read-only; clear_once');
  assert.equal(grub.state().once, '');
  grub.ok(
    'kexec --load k; echo /systems/new >$run/kexec || mkdir -p $run && echo /systems/new >/run/nixos-fleet/kexec',
  );
  assert.equal(grub.state().once, 'new');
  grub.ok('clear_once');
  assert.deepEqual([grub.state().once, grub.read('sys/kernel/kexec_loaded')], ['', '0\n']);
});

test('a rollback sets profile and default to the recorded ones, each as far as it can be (fault 1)', {
  skip: cannotRun,
}, () => {
  const failed = `nix-env -p ${profile} --set /systems/new; set_default /systems/new`;
  const restore = 'restore_boot /systems/old 1 /systems/old /systems/old; echo "$restored:$not_back"';
  for (const bootLoader of ['systemd-boot', 'grub'] as const) {
    const machine = machineWith(bootLoader);
    machine.system('new');
    assert.equal(machine.ok(`${failed}; ${restore}`), '0:');
    assert.deepEqual(machine.state(), old);
    assert.equal(
      machine.ok('profile_generation; ls -d /nix/var/nix/profiles/system-*'),
      `1\n${profile}-1-link`,
    );
    // The old generation was removed meanwhile.
    assert.equal(machine.ok(`${failed}; rm ${profile}-1-link; ${restore}`), '0:');
    assert.deepEqual(machine.state(), old);
    // The profile cannot be written: the old system is what boots all the same, and the result says what is not back.
    machine.write('no-nix-env', '--set\n--switch-generation\n');
    machine.ok(
      `ln -sfn /systems/new ${profile}-7-link; ln -sfn system-7-link ${profile}; set_default /systems/new`,
    );
    assert.equal(machine.ok(restore), '0:the system profile');
    assert.deepEqual(machine.state(), { ...old, profile: 'new' });
    // The boot loader cannot be written.
    machine.write('systems/old/on-boot', 'echo "No space left on device"; exit 1');
    machine.ok('set_default /systems/new');
    assert.equal(machine.ok(restore), "1:the system profile, the boot loader's default");
  }
});

test('a menu that is shorter than the profile makes room for a new entry: files of the oldest one alone (fault 19)', {
  skip: cannotRun,
}, () => {
  const machine = machineWith('systemd-boot');
  const entry = (number: number, linux: string) =>
    machine.write(
      `boot/loader/entries/nixos-${number}.conf`,
      `title NixOS\nversion Generation ${number} NixOS\nlinux ${linux}\ninitrd /EFI/nixos/shared\noptions init=/systems/${number}/init\n`,
    );
  for (const name of ['a', 'b', 'shared']) machine.write(`boot/EFI/nixos/${name}`, 'x'.repeat(8192));
  for (const n of [2, 3]) machine.ok(`nix-env -p "$profile" --set /systems/old; : ${n}`);
  for (const n of [1, 2, 3]) entry(n, n === 2 ? '/EFI/nixos/a' : '/EFI/nixos/b');
  const text = scriptFile('./boot-room.sh', new URL('lib/machine/switch/', sources).href);
  const removable = () => machine.ok(`${text}removable_kib`);
  assert.equal(removable(), '0', 'no limit');
  machine.ok('rm /boot/loader/entries/nixos-1.conf');
  assert.equal(removable(), '8');
  machine.write('boot/loader/loader.conf', 'default nixos-2.conf\n');
  assert.equal(removable(), '0', 'the default stays');
});

test('a kernel that is on the boot partition already needs no room there', { skip: cannotRun }, () => {
  const machine = machineWith('systemd-boot');
  const text = scriptFile('./boot-room.sh', new URL('lib/machine/switch/', sources).href);
  const needed = () =>
    machine.ok(`${text}
    store() { case $1 in /systems/new/*) echo "/nix/store/hash-linux/\${1##*/}" ;; esac; }
    target() { store "$1"; }
    cat() { [ "$1" = /nix/store/hash-linux/kernel ] && head -c 4096 /dev/zero || head -c 2048 /dev/zero; }
    new_kib /systems/new`);
  machine.system('new');
  machine.write('boot/loader/loader.conf', '');
  assert.equal(needed(), '6');
  machine.write('boot/EFI/nixos/hash-linux-kernel.efi', 'x');
  assert.equal(needed(), '2');
  machine.write('boot/kernels/hash-linux-initrd', 'x');
  assert.equal(needed(), '0');
});
