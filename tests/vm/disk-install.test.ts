/**
 * An image is written onto the second disk of a running machine over ssh, by the real Pulumi CLI, real ssh and real QEMU:
 * refused by each guard, interrupted and repeated, verified. The machine then boots from it and is adopted.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { ensureVmBase } from '../../lib/local/vm/base.ts';
import { type Context, PartialFailure } from '../../provider/resource.ts';
import { diskInstall } from '../../provider/resources/disk-install/disk-install.ts';
import { RolloutRun } from '../../provider/rollout/rollout-run.ts';
import {
  type DiskInstallConfig,
  type DiskInstallState,
  diskInstallInputs,
} from '../../schema/disk-install.ts';
import type { ImageState } from '../../schema/image.ts';
import { TestStack } from '../lab/stack.ts';
import { type Guest, makeGuest } from './guest.ts';

const MiB = 2 ** 20;
const imageMiB = 704;
const diskMiB = 1024;
let guest: Guest;
let stack: TestStack;

/** Prints an MBR partition table with one partition, from byte 446 on. */
const partition =
  "printf '\\0\\0\\0\\0\\203\\0\\0\\0\\0\\010\\0\\0\\0\\020\\0\\0'; head -c 48 /dev/zero; printf '\\125\\252'";

type Disk = Partial<DiskInstallConfig>;
const second = { disk: '/dev/vdb', serial: 'second' };

/** The machine runs from memory, or with `fromDisk` boots from its disks. */
function configure({
  disks = {},
  fromDisk = false,
  hosts = {},
}: Partial<Record<'disks' | 'hosts', object>> & { fromDisk?: boolean }) {
  const ram = { kernel: guest.kernel, initrd: guest.initrd, kernelParams: ['console=ttyS0'] };
  const machine = {
    ...(fromDisk ? { firmware: 'uefi' } : ram),
    memoryMiB: 768,
    cores: 2,
    disks: { first: { sizeMiB: 64 }, second: { sizeMiB: diskMiB } },
    forwardPorts: { ssh: { host: 23771, guest: 22 } },
    startTimeoutSeconds: 600,
  };
  const diskInstalls = Object.fromEntries(
    Object.entries(disks).map(([name, disk]) => [name, { image: 'vm', virtualMachine: 'target', ...disk }]),
  );
  const config = {
    ...{ flake: './nix/lab', lab: {}, images: { vm: {} }, virtualMachines: { target: machine } },
    ...{ diskInstalls, hosts },
  };
  stack.configure(config);
}

async function sh(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await stack.onVirtualMachine('target', script);
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
}

async function outputs<T>(type: string): Promise<T> {
  const { deployment } = await stack.exportState();
  const found = deployment.resources.find((resource) => resource.type === type);
  assert.ok(found, `${type} is in the state`);
  return found.outputs as T;
}
const written = () => outputs<DiskInstallState>('nixos:index:DiskInstall');

/** The output of a preview that refuses the disk. */
async function refusedPreview(disk: Disk): Promise<string> {
  configure({ disks: { vm: { ...second, ...disk } } });
  const { exitCode, text } = await stack.try('preview');
  assert.notEqual(exitCode, 0, text);
  return text;
}

before(async () => {
  guest = await makeGuest();
  stack = await TestStack.create({ stack: 'vm-disk', network: '10.213.44' });
  // With Debian's kernel, and as small as possible.
  stack.write(
    'nix/lab/hosts/vm.nix',
    `{
  boot.isContainer = false;
  boot.loader.timeout = 0;
  virtualisation.diskSize = ${imageMiB};
  system.stateVersion = "26.05";
}
`,
  );
  configure({});
  await stack.up();
});

after(async () => {
  await stack.remove();
});

test('a preview shows the disk’s serial, size and contents', async () => {
  configure({ disks: { vm: second } });
  const { text } = await stack.preview();
  assert.match(text, /\/dev\/vdb: serial second, 1073741824 bytes \(1 GiB\), .*empty/);
  assert.match(text, /nixos:index:DiskInstall: \(create\)/);
  await sh(
    'mke2fs -L mine /dev/vdb && mke2fs -L other /dev/vda && mount /dev/vda /mnt && echo kept >/mnt/file',
  );
  const full = await stack.try('preview');
  assert.match(full.text, /\/dev\/vdb: serial second, .*holds ext 'mine'/);
});

test('guard contents: a disk that holds something is refused, unless overwrite names its serial', async () => {
  assert.match(
    await refusedPreview({}),
    /guard contents: \/dev\/vdb is not empty:\s+- ext 'mine'\s+fix: +If this data may be lost, set overwrite: second/,
  );
  const other = await refusedPreview({ overwrite: 'first' });
  assert.match(other, /guard contents: overwrite names first, and the disk \/dev\/vdb is second/);
});

test('guards missing, serial, size, not-a-disk and room', async () => {
  // The disk is found by its serial under another name.
  assert.match(await refusedPreview({ disk: '/dev/sda' }), /guard contents: \/dev\/vdb is not empty/);
  const missing = await refusedPreview({ disk: '/dev/sda', serial: 'third' });
  assert.match(
    missing,
    /guard missing: the machine has no \/dev\/sda; it has\s+- \/dev\/vda: serial first, 67108864 bytes/,
  );
  const serial = await refusedPreview({ serial: 'third' });
  assert.match(serial, /guard serial: serial is third, and the disk \/dev\/vdb has second/);
  const unnamed = await refusedPreview({ serial: undefined, sizeBytes: diskMiB * MiB });
  assert.match(unnamed, /guard serial: serial is not given, and the disk \/dev\/vdb has one: second/);
  const size = await refusedPreview({ sizeBytes: 5 });
  assert.match(size, /guard size: sizeBytes is 5, and the disk \/dev\/vdb has 1073741824 bytes/);
  await sh(
    `{ head -c 446 /dev/zero; ${partition}; } | dd of=/dev/vdb conv=notrunc; blockdev --rereadpt /dev/vdb`,
  );
  const part = await refusedPreview({ disk: '/dev/vdb1' });
  assert.match(part, /guard not-a-disk: \/dev\/vdb1 is a partition/);
  const room = await refusedPreview({ disk: '/dev/vda', serial: 'first', overwrite: 'first' });
  assert.match(
    room,
    /guard room: the image is a disk of 738197504 bytes \(704 MiB\), and \/dev\/vda has 67108864 bytes/,
  );
  assert.match(room, /guard in-use: \/dev\/vda is in use:\s+- \/dev\/vda is mounted at \/mnt \(ext/);
});

test('guards in-use and running: a disk that is mounted or that the machine runs from is never written', async () => {
  await sh('mount /dev/vdb /root/mnt 2>/dev/null || { mkdir /root/mnt && mount /dev/vdb /root/mnt; }');
  assert.match(
    await refusedPreview({ overwrite: 'second' }),
    /guard in-use: .*\s+- \/dev\/vdb is mounted at \/root\/mnt/,
  );
  await sh('umount /root/mnt && mkdir -p /usr && mount /dev/vdb /usr');
  assert.match(
    await refusedPreview({ overwrite: 'second' }),
    /guard running: the machine runs from \/dev\/vdb/,
  );
  // Also without a preview; the contents stay.
  const up = await stack.try('up', '--yes', '--skip-preview');
  assert.notEqual(up.exitCode, 0);
  assert.match(up.text, /guard running/);
  await sh('umount /usr');
  assert.equal(await sh('dd if=/dev/vdb bs=1 skip=1144 count=4 2>/dev/null'), 'mine');
});

test('an interrupted write is recorded as unfinished, and the next up writes the whole image', async () => {
  const image = join(stack.folder, 'random.raw');
  const data = randomBytes(64 * MiB);
  data.write('EFI PART', 512, 'latin1');
  writeFileSync(image, data);
  const { connection } = await stack.virtualMachine('target');
  const inputs = diskInstallInputs.parse({ host: 'target', connection, ...second, image });
  const stop = new AbortController();
  const context = (signal: AbortSignal): Context => ({
    ...{ urn: '', name: 'target', signal, log: () => undefined, rollout: new RolloutRun(async () => {}) },
    status: (line) => Number(/^writing the disk: (\d+)/.exec(line)?.[1]) > 16 && stop.abort(),
  });
  const begun = diskInstall.create({ ...inputs, overwrite: 'second' }, context(stop.signal));
  const failure = await begun.then(
    () => assert.fail('it was written whole'),
    (error: unknown) => error,
  );
  assert.ok(failure instanceof PartialFailure, String(failure));
  assert.match(failure.message, /cancelled/);
  const state = failure.state as DiskInstallState;
  assert.equal(state.state, 'unfinished');
  assert.ok(Object.keys(diskInstall.diff({ id: 'x', inputs, state }, inputs).detailed).includes('state'));
  // The unfinished image is our own: overwrite is not needed again.
  const again = await diskInstall.update(
    { id: 'x', inputs, state },
    inputs,
    context(new AbortController().signal),
  );
  assert.deepEqual(
    [again.state, again.sha256],
    ['verified', createHash('sha256').update(data).digest('hex')],
  );
  // A complete image is protected again.
  await assert.rejects(diskInstall.create(inputs, context(new AbortController().signal)), /guard contents/);
});

test('the image is written over ssh and verified; the other disk is not touched', async () => {
  configure({ disks: { vm: { ...second, overwrite: 'second' } } });
  const begun = performance.now();
  const { text } = await stack.up();
  console.log(`written in ${Math.round((performance.now() - begun) / 1000)} s`);
  assert.match(text, /has neither sgdisk nor sfdisk/);
  const { state, bytes, sha256, serials } = await written();
  assert.deepEqual([state, bytes, serials], ['verified', imageMiB * MiB, ['second']]);
  // Independent check of QEMU's disk and of the image.
  const { path } = await outputs<ImageState>('nixos:index:Image');
  const { folder } = await outputs<{ folder: string }>('nixos:index:VirtualMachine');
  assert.equal(await rawSha256(path, bytes), sha256);
  assert.equal(await rawSha256(join(folder, 'disks/second.qcow2'), bytes), sha256);
  assert.equal(await sh('cat /mnt/file'), 'kept');
  await stack.pulumi('preview', '--expect-no-changes');
});

/** SHA-256 of the first bytes of a disk, read by qemu-img. */
async function rawSha256(file: string, bytes: number): Promise<string> {
  const { tools } = await ensureVmBase();
  const raw = join(stack.folder, 'raw');
  await run(tools['qemu-img'], ['convert', '--force-share', '-O', 'raw', file, raw], { timeoutSeconds: 300 });
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(raw, { end: bytes - 1 })) hash.update(chunk);
  return hash.digest('hex');
}

test('another image is not written without onImageChange rewrite', async () => {
  const { writtenAt } = await written();
  const file = join(stack.folder, 'other.img');
  await run('truncate', ['--size', '1M', file], { timeoutSeconds: 10 });
  const other = { ...second, image: file };
  configure({ disks: { vm: other } });
  await stack.pulumi('up', '--yes', '--skip-preview');
  assert.equal((await written()).writtenAt, writtenAt);
  assert.match(
    await refusedPreview({ ...other, onImageChange: 'rewrite' }),
    /guard contents: \/dev\/vdb is not empty/,
  );
});

test('the machine boots from the disk, grows its root partition, and is adopted without a switch', async () => {
  const hosts = { vm: { virtualMachine: 'target', connectTimeoutSeconds: 60 } };
  configure({ disks: { vm: { ...second, overwrite: 'second' } }, fromDisk: true, hosts });
  await stack.up();
  const { vm } = await stack.live();
  const { system } = await outputs<ImageState>('nixos:index:Image');
  assert.deepEqual([vm?.generation, vm?.system, vm?.booted], [1, system, system]);
  assert.equal(await sh('ls /var/lib/nixos-fleet/results 2>/dev/null || true'), '', 'no switch was begun');
  assert.equal(await sh('findmnt -no SOURCE /'), '/dev/vdb2');
  const sizes = await sh('cat /sys/block/vdb/size /sys/class/block/vdb2/size');
  const [disk, partition] = sizes.split('\n').map(Number);
  assert.equal((disk ?? 0) * 512, diskMiB * MiB);
  assert.ok((partition ?? 0) > (disk ?? 0) * 0.85, `partition of ${partition} sectors on ${disk}`);
  await stack.pulumi('preview', '--expect-no-changes');
});

test('a dropped disk install leaves the disk and the machine that runs from it as they are', async () => {
  const { text } = await stack.pulumi('refresh', '--yes', '--diff', '--skip-preview');
  assert.doesNotMatch(text, /present/);
  assert.equal((await written()).present, 'yes');
  configure({ fromDisk: true, hosts: { vm: { virtualMachine: 'target', connectTimeoutSeconds: 60 } } });
  await stack.up();
  assert.equal(await sh('findmnt -no SOURCE /'), '/dev/vdb2');
});
