/** Bootable lab systems without booting one: kernels, initrds and boot entries. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { runToEnd } from '../../lib/base/process/run.ts';
import { buildArguments, toplevel } from './build-systems.ts';

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-bootable-'));
const systems: Record<'plain' | 'booting' | 'newer-kernel' | 'grub', string> = {
  plain: '',
  booting: '',
  'newer-kernel': '',
  grub: '',
};
let root: string;

const build = async (...names: string[]) => {
  const args = await buildArguments('lab-systems', names.map(toplevel), { bootable: true });
  return await runToEnd('nix', args, { timeoutSeconds: 600 });
};

before(async () => {
  const names = ['plain', 'booting', 'newer-kernel', 'grub'] as const;
  const { stdout, stderr, exitCode } = await build(...names);
  assert.equal(exitCode, 0, stderr);
  const paths = stdout.trim().split('\n');
  for (const [index, name] of names.entries()) systems[name] = paths[index] ?? '';
});

after(() => rmSync(folder, { recursive: true }));

/** The root of a machine: generations of its profile, and an EFI system partition. */
beforeEach(() => {
  root = mkdtempSync(join(folder, 'root-'));
  mkdirSync(join(root, 'nix/var/nix/profiles'), { recursive: true });
});

const profile = (generation: number) => join(root, `nix/var/nix/profiles/system-${generation}-link`);
const bootEntries = (system: string) =>
  runToEnd(join(system, 'bin/boot-entries'), [root], { timeoutSeconds: 60 });
const list = (path: string) => readdirSync(join(root, 'boot', path)).sort();
const read = (path: string) => readFileSync(join(root, 'boot', path), 'utf8');

test('a bootable system has kernel, initrd and modules; a container has none', () => {
  const kernel = realpathSync(join(systems.booting, 'kernel'));
  assert.match(kernel, /-linux-6\.1\.\d+\/bzImage$/);
  assert.match(realpathSync(join(systems['newer-kernel'], 'kernel')), /-linux-6\.12\.\d+\/bzImage$/);
  const [version = ''] = readdirSync(join(systems.booting, 'kernel-modules/lib/modules'));
  assert.match(version, /^6\.1\..*-cloud-amd64$/);
  assert.ok(existsSync(join(systems.booting, 'kernel-modules/lib/modules', version, 'modules.dep')));
  assert.match(
    readFileSync(join(systems.booting, 'kernel-params'), 'utf8'),
    /console=ttyS0,115200 panic=10 no_timer_check/,
  );
  for (const part of ['kernel', 'initrd', 'kernel-modules']) {
    assert.ok(!existsSync(join(systems.plain, part)), part);
  }
});

test('the initrd has the requested modules and their dependencies', () => {
  const initrd = gunzipSync(readFileSync(join(systems.booting, 'initrd'))).toString('latin1');
  for (const module of ['virtio_blk', 'virtio_pci', 'virtio_ring', 'nls_ascii'])
    assert.match(initrd, new RegExp(`/${module}\\.ko\\0`), module);
  assert.doesNotMatch(initrd, /\/virtio_net\.ko\0/);
  // This kernel's modules are compressed, which busybox cannot read.
  const newer = gunzipSync(readFileSync(join(systems['newer-kernel'], 'initrd'))).toString('latin1');
  assert.match(newer, /\/virtio_blk\.ko\0/);
});

test('a module that the kernel lacks fails the build, which names it, unless that is allowed', async () => {
  const missing = await build('missing-module');
  assert.notEqual(missing.exitCode, 0);
  assert.match(
    missing.stderr,
    /the initrd wants the module 'no_such_disk', and the kernel 6\.1\.\S+ has none/,
  );
  const allowed = await build('allowed-missing');
  assert.equal(allowed.exitCode, 0, allowed.stderr);
});

test('each generation has a boot entry with copies of its kernel and initrd, removed with it', async () => {
  symlinkSync(systems.booting, profile(1));
  symlinkSync(systems['newer-kernel'], profile(2));
  assert.equal((await bootEntries(systems['newer-kernel'])).exitCode, 0);
  const entries = list('loader/entries');
  assert.equal(entries.length, 2);
  assert.equal(list('EFI/nixos').length, 4);
  assert.deepEqual(list('EFI/BOOT'), ['BOOTX64.EFI']);
  const name = /^default (.*)$/m.exec(read('loader/loader.conf'))?.[1] ?? '';
  const entry = read(join('loader/entries', name));
  assert.match(entry, /^version Generation 2, /m);
  assert.ok(entry.includes(`options init=${systems['newer-kernel']}/init console=`));
  const part = (key: string) => join(root, 'boot', new RegExp(`^${key} (.*)$`, 'm').exec(entry)?.[1] ?? '');
  assert.deepEqual(readFileSync(part('linux')), readFileSync(join(systems['newer-kernel'], 'kernel')));
  assert.deepEqual(readFileSync(part('initrd')), readFileSync(join(systems['newer-kernel'], 'initrd')));

  // A machine that never booted has no machine-id.
  assert.doesNotMatch(entry, /^machine-id/m);

  // The default is the calling system, not the newest generation: a trial keeps the old default.
  assert.equal((await bootEntries(systems.booting)).exitCode, 0);
  const kept = /^default (.*)$/m.exec(read('loader/loader.conf'))?.[1] ?? '';
  assert.match(read(join('loader/entries', kept)), /^version Generation 1, /m);
  assert.deepEqual(list('loader/entries'), entries);

  rmSync(profile(1));
  assert.equal((await bootEntries(systems['newer-kernel'])).exitCode, 0);
  assert.deepEqual(list('loader/entries'), [name]);
  assert.deepEqual(list('EFI/nixos'), [part('initrd'), part('linux')].map((file) => basename(file)).sort());
});

test('a full boot partition leaves no partial file, and the default entry stays', async () => {
  symlinkSync(systems.booting, profile(1));
  assert.equal((await bootEntries(systems.booting)).exitCode, 0);
  const before = read('loader/loader.conf');
  symlinkSync(systems['newer-kernel'], profile(2));
  // Has room for the present entries, but not for another one.
  const script = `
    mount -t tmpfs -o size=20m tmpfs "$1/full"
    cp -a "$1/boot/." "$1/full/" && mount --bind "$1/full" "$1/boot"
    code=0; "$2/bin/boot-entries" "$1" || code=$?
    cat "$1/boot/loader/loader.conf"; find "$1/boot" -name '*.new'; ls "$1/boot/EFI/nixos" | wc -l
    exit "$code"`;
  mkdirSync(join(root, 'full'));
  const args = [
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
    'sh',
    root,
    systems['newer-kernel'],
  ];
  const full = await runToEnd('unshare', args, { timeoutSeconds: 60 });
  assert.notEqual(full.exitCode, 0);
  assert.match(full.stderr, /No space left on device/);
  assert.equal(full.stdout, `${before}2\n`);
});

test('GRUB’s menu has the calling system first, then all generations, and copies of their kernels', async () => {
  symlinkSync(systems.grub, profile(1));
  symlinkSync(systems['newer-kernel'], profile(2));
  assert.equal((await bootEntries(systems.grub)).exitCode, 0);
  const menu = read('grub/grub.cfg');
  const entries = [
    ...menu.matchAll(/^menuentry "(.*)" --class.*\n.*\n {2}linux .*(\/kernels\/\S+) init=(\S+)\/init /gm),
  ];
  assert.deepEqual(
    entries.map(([, title, , system]) => [title?.replace(/ \(.*/, ''), system]),
    [
      ['NixOS', systems.grub],
      ['NixOS - Configuration 2', systems['newer-kernel']],
      ['NixOS - Configuration 1', systems.grub],
    ],
  );
  assert.deepEqual(
    readFileSync(join(root, 'boot', entries[1]?.[2] ?? '')),
    readFileSync(join(systems['newer-kernel'], 'kernel')),
  );
  assert.equal(list('kernels').length, 4);
  assert.deepEqual(list('EFI/BOOT'), ['BOOTX64.EFI']);
  assert.equal(read('grub/grubenv').length, 1024);

  rmSync(profile(2));
  assert.equal((await bootEntries(systems.grub)).exitCode, 0);
  assert.equal(list('kernels').length, 2);
  assert.doesNotMatch(read('grub/grub.cfg'), /Configuration 2/);
});
