/**
 * A bare machine becomes a host: an installer of NixOS's own modules and tools runs as a lab machine with a loop disk, which the
 * system is installed on by the real nixos-install. The machine then boots from the disk and is adopted. What nixos-anywhere does
 * before, kexec, is out of reach of a container. DISKO=/path/to/disko installs once more by a layout of disko.
 */
import assert from 'node:assert/strict';
import { copyFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { installSystem, type SystemInstall } from '../../lib/images/disk/install-system.ts';
import { machinePaths } from '../../lib/local/lab/paths.ts';
import { readHardware } from '../../lib/machine/hardware/read-hardware.ts';
import { Deployer } from '../lab/deployer.ts';
import { failsWith, MachineUnderTest } from '../lab/machine-under-test.ts';
import { installedRoot, realSystems } from './real-systems.ts';

const disko = process.env.DISKO ? false : 'DISKO=/path/to/disko is not set: no layout of disko is run';
const serial = 'FLEET1';
let systems: Record<string, string>;

before(async () => {
  const names = ['installer', 'installed', 'installed-elsewhere', 'installed-nowhere'];
  systems = await realSystems(disko ? names : [...names, 'installed-disko']);
});

/** A machine that has booted the installer, with an empty disk. */
class BareMachine {
  readonly machine: MachineUnderTest;
  readonly #loop: string;

  private constructor(machine: MachineUnderTest, loop: string) {
    this.machine = machine;
    this.#loop = loop;
  }

  static async create(title: string, network: string): Promise<BareMachine> {
    const machine = await MachineUnderTest.create(
      title,
      network,
      await installedRoot(systems.installer ?? ''),
    );
    const file = join(machine.state, 'disk');
    writeFileSync(file, '');
    truncateSync(file, 3 * 2 ** 30);
    const { stdout } = await run('losetup', ['--find', '--show', file], { timeoutSeconds: 30 });
    const bare = new BareMachine(machine, stdout.trim());
    const number = await machine.run(`cat /sys/class/block/${bare.#name}/dev`);
    const { root } = machinePaths(`${title}-${process.pid}`, 'one');
    copyFileSync(join(import.meta.dirname, 'boot-disk.sh'), join(root, 'sbin/lab-init'));
    writeFileSync(join(root, '.lab/disk'), `${number}\n`);
    // A loop device has no hardware: sysfs shows it as a disk with a serial.
    await machine.run(`mknod /dev/vdx b ${number.replace(':', ' ')}
      mkdir -p /run/blocks/vdx/device /run/blocks/vdx/queue
      for file in size dev ro stat queue/logical_block_size; do cat /sys/class/block/${bare.#name}/$file >/run/blocks/vdx/$file; done
      echo ${serial} >/run/blocks/vdx/serial
      mount --bind /run/blocks /sys/class/block`);
    return bare;
  }

  get #name(): string {
    return this.#loop.replace('/dev/', '');
  }

  async remove(): Promise<void> {
    await this.machine.remove();
    await run('losetup', ['--detach', this.#loop], { timeoutSeconds: 30 });
  }

  /** Installs one of the systems as the command does; returns the status lines. */
  async install(name: string, more: Partial<SystemInstall> = {}): Promise<string[]> {
    const system = systems[name] ?? '';
    const { stdout } = await run('readlink', ['-f', join(system, 'layout')], { timeoutSeconds: 10 });
    const lines: string[] = [];
    await installSystem(this.machine.target, {
      system,
      layout: stdout.trim(),
      disks: [{ disk: '/dev/vdx', serial }],
      platform: 'x86_64-linux',
      keepHostKeys: true,
      substitute: false,
      after: this.machine.target,
      bootTimeoutSeconds: 120,
      signal: new AbortController().signal,
      status: (line) => lines.push(line),
      ...more,
    });
    return lines;
  }
}

/** The machine runs and boots what was installed, and a deployment has nothing to do. */
async function assertDeployed({ machine }: BareMachine, system: string): Promise<void> {
  assert.equal(await machine.run('findmnt --noheadings --output SOURCE,FSTYPE /'), '/dev/vdx ext4');
  assert.equal(await machine.run('systemctl is-system-running --wait'), 'running');
  const deployer = new Deployer(machine.target.connection);
  await deployer.import(machine.url);
  assert.deepEqual([deployer.live.system, deployer.live.generation], [system, 1]);
  assert.equal(await deployer.up(system), false);
  await machine.assertOn(system, deployer);
}

describe('a bare machine', () => {
  let bare: BareMachine;
  before(async () => {
    bare = await BareMachine.create('install', '10.213.71');
  });
  after(async () => {
    await bare?.remove();
  });
  const isEmpty = async () =>
    assert.equal(await bare.machine.run('blkid -p /dev/vdx || echo empty'), 'empty');

  test('the installer’s nixos-generate-config detects its hardware', async () => {
    const content = await readHardware(bare.machine.target, {
      generator: 'nixos-generate-config',
      fileSystems: false,
    });
    assert.match(content, /nixpkgs\.hostPlatform = lib\.mkDefault "x86_64-linux"/);
    assert.doesNotMatch(content, /fileSystems/);
  });

  test('a disk with another serial, and one that the machine lacks, are refused', async () => {
    await assert.rejects(
      bare.install('installed', { disks: [{ disk: '/dev/vdx', serial: 'other' }] }),
      failsWith('disk-refused', /guard serial: serial is other, and the disk \/dev\/vdx has FLEET1/),
    );
    await assert.rejects(
      bare.install('installed', { disks: [{ disk: '/dev/vdz', sizeBytes: 1 }] }),
      failsWith('disk-refused', /guard missing/),
    );
    await isEmpty();
  });

  test('a layout that names another disk is refused', async () => {
    await bare.machine.run('mknod /dev/vdy b 7 250; mkdir /run/blocks/vdy');
    await assert.rejects(
      bare.install('installed-elsewhere'),
      failsWith('disk-refused', /the layout names disks that are not to be written: \/dev\/vdy/),
    );
    await bare.machine.run('rm /dev/vdy; rmdir /run/blocks/vdy');
    await isEmpty();
  });

  test('a layout that fails is reported with its words', async () => {
    await assert.rejects(
      bare.install('installed-nowhere'),
      failsWith('disk-failed', /the layout failed: no such partition/),
    );
  });

  test('the system is installed, boots from the disk with the installer’s host key, and is adopted without a change', async () => {
    await bare.install('installed');
    await assertDeployed(bare, systems.installed ?? '');
  });
});

describe('a bare machine with a layout of disko', { skip: disko }, () => {
  let bare: BareMachine;
  before(async () => {
    bare = await BareMachine.create('disko', '10.213.72');
  });
  after(async () => {
    await bare?.remove();
  });

  test('a disk in use is refused; one that holds data is refused unless it is confirmed', async () => {
    await bare.machine.run(
      'mkfs.ext4 -q -F /dev/vdx; mkdir -p /media; mount /dev/vdx /media; touch /media/data',
    );
    const overwrite = { disks: [{ disk: '/dev/vdx', serial, overwrite: serial }] };
    await assert.rejects(
      bare.install('installed-disko', overwrite),
      failsWith('disk-refused', /guard in-use: \/dev\/vdx is in use/),
    );
    await bare.machine.run('test -e /media/data; umount /media');
    await assert.rejects(bare.install('installed-disko'), failsWith('disk-refused', /guard contents/));
    const lines = await bare.install('installed-disko', overwrite);
    assert.ok(
      lines.some((line) => line.includes('holds ext4')),
      lines.join('\n'),
    );
    await assertDeployed(bare, systems['installed-disko'] ?? '');
  });
});
