/**
 * Deployments of systems with systemd-boot, whose menu NixOS's own installer writes into an EFI system partition. The lab machine is
 * a container: its partition is a loop device, and a script stands in for firmware and boot loader (boot-esp.sh). The partition is
 * ext4, since the computer's kernel may not know FAT.
 */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { shellQuote, shellVariables } from '../../lib/base/quote.ts';
import { machinePaths } from '../../lib/local/lab/paths.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { armScript, trialFiles } from '../../lib/machine/reboot/trial.ts';
import { Reply } from '../../lib/machine/script/reply.ts';
import { bootStateScript, lockScript, scriptText } from '../../lib/machine/script/text.ts';
import { runScript } from '../../lib/machine/ssh/run-script.ts';
import { Deployer, type Settings } from '../lab/deployer.ts';
import { failsWith, MachineUnderTest } from '../lab/machine-under-test.ts';
import { installedRoot, realSystems } from './real-systems.ts';

const names = [
  'a',
  'b',
  'c',
  'broken',
  'specialised',
  'limited-a',
  'limited-b',
  'limited-c',
  'single',
  'counting-a',
  'counting-b',
] as const;
type Name = (typeof names)[number];
const settings: Settings = { confirmTimeoutSeconds: 60, activationTimeoutSeconds: 120 };
let machine: MachineUnderTest;
let deployer: Deployer;
let systems: Record<Name, string>;
let loop = '';

before(async () => {
  const built = await realSystems(names.map((name) => `boot-${name}`));
  systems = Object.fromEntries(names.map((name) => [name, built[`boot-${name}`]])) as typeof systems;
  const title = 'boot-loader';
  machine = await MachineUnderTest.create(title, '10.213.77', await installedRoot(systems.a));
  const file = join(machine.state, 'disk');
  writeFileSync(file, '');
  truncateSync(file, 64 * 2 ** 20);
  ({ stdout: loop } = await run('losetup', ['--find', '--show', file], { timeoutSeconds: 30 }));
  loop = loop.trim();
  const number = await machine.run(`cat /sys/class/block/${loop.replace('/dev/', '')}/dev`);
  const { root } = machinePaths(`${title}-${process.pid}`, 'one');
  copyFileSync(join(import.meta.dirname, 'boot-esp.sh'), join(root, 'sbin/lab-init'));
  writeFileSync(join(root, '.lab/disk'), `${number}\n`);
  await machine.run(
    `mknod /dev/vdx b ${number.replace(':', ' ')}; mkfs.ext4 -q -O ^has_journal -m 0 /dev/vdx; mount /dev/vdx /boot`,
  );
  await relax();
  deployer = new Deployer(machine.target.connection);
});

/** Until the next boot, bootctl takes a partition that is not FAT. */
const relax = () => machine.run('systemctl set-environment SYSTEMD_RELAX_ESP_CHECKS=1');

after(async () => {
  await machine?.remove();
  if (loop) await run('losetup', ['--detach', loop], { timeoutSeconds: 30 });
});

const up = (name: Name, more: Settings = {}) => deployer.up(systems[name], { ...settings, ...more });

/** What a function of the boot state's script prints on the machine. */
async function bootState(call: string): Promise<string> {
  const text = `${lockScript}${bootStateScript}\nsay found "$(${call})"\nsay end yes\n`;
  const reply = await runScript(machine.target, text);
  assert.ok(reply.isWhole, reply.why());
  return reply.text('found');
}
const byDefault = () => bootState('boot_default');

/** The systems in the menu, oldest generation first. */
async function menu(): Promise<string[]> {
  const lines = await machine.run(
    "cd /boot/loader/entries; for entry in nixos-*.conf; do sed -n 's|^version Generation \\([0-9]*\\) .*|\\1|p; s|^options .*init=\\([^ ]*\\)/init.*|\\1|p' $entry | LC_ALL=C sort | xargs; done | sort -k 2n | cut -d ' ' -f 1",
  );
  return lines.split('\n');
}

/** The machine runs a system, and the boot loader starts it. */
async function assertOn(name: Name): Promise<void> {
  await machine.assertOn(systems[name], deployer);
  assert.equal(await byDefault(), systems[name]);
}

test('the first deployment installs systemd-boot, and a menu of all generations', async () => {
  await deployer.import(machine.url);
  await up('b', { installBootLoader: true });
  await assertOn('b');
  assert.deepEqual(await menu(), [systems.a, systems.b]);
  await machine.run('cmp /boot/EFI/systemd/systemd-bootx64.efi /boot/EFI/BOOT/BOOTX64.EFI');
});

test('a full partition: a new kernel is refused before anything changes, one in the menu is not', async () => {
  const room = await machine.run('df --output=avail /boot | tail -n 1');
  await machine.run(`head -c ${Number(room) - 2048}k /dev/zero >/boot/filler`);
  await assert.rejects(up('c'), failsWith('no-room', /5120 KiB are needed/));
  await assertOn('b');
  await up('single');
  await up('b');
  await machine.run('rm /boot/filler');
  await assertOn('b');
});

test('a switch adds an entry, and becomes the default', async () => {
  await up('c');
  await assertOn('c');
  const all = await menu();
  assert.deepEqual([all[0], all.at(-1)], [systems.a, systems.c]);
  assert.equal(await machine.run('ls /boot/EFI/nixos | wc -l'), '6');
});

test('a failed switch leaves the menu as it was', async () => {
  const listing = () => machine.run('cat /boot/loader/loader.conf; ls /boot/loader/entries /boot/EFI/nixos');
  const earlier = await listing();
  await assert.rejects(up('broken'), failsWith('units-failed', /broken\.service/));
  await assertOn('c');
  assert.equal(await listing(), earlier);
});

test('an installer that cannot write: the previous system is live and boots, and the error says that its menu was not renewed', async () => {
  await machine.run('mount -o remount,ro /boot');
  try {
    await assert.rejects(up('b'), failsWith('rollback-failed', /Read-only file system[\s\S]*not set back/));
  } finally {
    await machine.run('mount -o remount,rw /boot');
  }
  await assertOn('c');
});

test('action boot: the next boot starts the new system', async () => {
  await up('b', { action: 'boot' });
  assert.equal(await byDefault(), systems.b);
  assert.equal((await readMachine(machine.target)).system, systems.c);
  await machine.stop();
  await machine.start();
  await machine.reachable();
  await relax();
  assert.equal(await deployer.refresh(), undefined);
  await assertOn('b');
});

test('a specialisation is in the menu, and its system is the default', async () => {
  await up('specialised', { specialisation: 'other' });
  assert.equal(await byDefault(), systems.specialised);
  assert.equal(await machine.run('cat /etc/other.conf'), 'other');
  const specialised = await machine.run(`readlink -f ${systems.specialised}/specialisation/other`);
  assert.equal(await bootState(`init_of "$(entry_of ${specialised})"`), specialised);
  await up('b');
});

test('configurationLimit: the menu has the newest generations, the confirmed one among them', async () => {
  for (const name of ['limited-a', 'limited-b', 'limited-c'] as const) {
    await up(name);
    await assertOn(name);
  }
  assert.deepEqual(await menu(), [systems['limited-b'], systems['limited-c']]);
  assert.equal(await machine.run('ls /boot/EFI/nixos | wc -l'), '4');
});

test('configurationLimit = 1: a rolled back switch has the earlier system as the only entry', async () => {
  await up('single');
  await assertOn('single');
  assert.deepEqual(await menu(), [systems.single]);
  await assert.rejects(
    up('b', { healthChecks: { never: { command: 'false', timeoutSeconds: 1 } } as Settings['healthChecks'] }),
    failsWith('health-check-failed', /never/),
  );
  await assertOn('single');
  assert.deepEqual(await menu(), [systems.single]);
});

test('keepGenerations: removed generations leave the menu with the next deployment', async () => {
  await up('c', { keepGenerations: { count: 1 } });
  await up('b', { keepGenerations: { count: 1 } });
  await up('a', { keepGenerations: { count: 1 } });
  await assertOn('a');
  const generations = await machine.run('ls -d /nix/var/nix/profiles/system-*-link | wc -l');
  await bootState(`set_default ${systems.a}`);
  assert.equal((await menu()).length, Number(generations));
});

test('boot counting: new entries have tries, and the default is read from `preferred`', async () => {
  await up('counting-a');
  await assertOn('counting-a');
  await up('counting-b');
  await assertOn('counting-b');
  assert.match(await machine.run('cat /boot/loader/loader.conf'), /^preferred nixos-.*\ndefault nixos-\*$/m);
  assert.match(await machine.run('ls /boot/loader/entries'), /\+3\.conf/);
  assert.equal(await deployer.refresh(), undefined);
  assert.equal(await up('counting-b'), false);
});

test('boot counting: without a try left, the newest other entry is the default, until a deployment renews it', async () => {
  const entry = await bootState(`entry_of ${systems['counting-b']}`);
  await machine.run(`mv ${entry} ${entry.replace('+3.conf', '+0-3.conf')}`);
  assert.equal(await byDefault(), systems['counting-a']);
  await up('counting-a');
  await assertOn('counting-a');
});

/**
 * Arms a boot on trial, reads what the next boots start, and disarms it. As on a machine with firmware: bootctl writes EFI variables
 * into a folder.
 */
async function armed(previous: string, system: string): Promise<Reply> {
  const parameters = shellVariables({
    unit: 'trial',
    host: 'one',
    system,
    previous,
    profile: '/nix/var/nix/profiles/system',
    revision: '',
    by: 'ann',
    token: 'abc123',
    limit_seconds: 60,
    boot_id: 'b',
    kexec: '',
    required: '',
  });
  const variables = { ...trialFiles, unit: 'trial', by: 'ann', parameters };
  const files = {
    bootctl: readFileSync(new URL('../fixtures/boot-machine/bin/bootctl', import.meta.url), 'utf8'),
    arm: scriptText(armScript, { variables }),
    read: scriptText(`${lockScript}${bootStateScript}
say default "$(boot_default)"
say once "$(boot_once)"
say options "$(grep '^options' /boot/loader/entries/$trial_entry)"
disarm_trial
say left "$(ls -d $trial_folder $trial_units/$trial_service /boot/loader/entries/$trial_entry 2>/dev/null)"
say end yes
`),
  };
  const put = Object.entries(files).map(
    ([name, text]) => `printf %s ${shellQuote(text)} >/run/trial/${name}`,
  );
  const printed = await machine.run(`mkdir -p /run/trial
    ${put.join('\n')}
    chmod +x /run/trial/bootctl
    mv /run/systemd/container /run/trial/container
    unshare --mount sh -c 'mount -t tmpfs none /sys && mkdir -p /sys/firmware/efi/efivars
      printf 1234systemd-boot | sed "s/[a-z-]/&\\x00/g" >/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
      export PATH=/run/trial:$PATH; sh /run/trial/arm; sh /run/trial/read'
    mv /run/trial/container /run/systemd/container`);
  return new Reply('one', { stdout: printed });
}

for (const [title, old, next] of [
  ['', 'a', 'b'],
  // The machine has booted b, whose kernel the previous system must have.
  [' that counts boots', 'counting-b', 'counting-a'],
] as const) {
  test(`a boot on trial${title}: once the new system, by default the previous one`, async () => {
    await up(old);
    await up(next, { action: 'boot' });
    const reply = await armed(systems[old], systems[next]);
    assert.deepEqual([reply.text('state'), reply.text('by')], ['armed', 'systemd-boot'], reply.why());
    assert.deepEqual([reply.text('default'), reply.text('once')], [systems[old], systems[next]]);
    assert.match(reply.text('options'), / panic=10 /);
    assert.equal(reply.text('left'), '');
  });
}
