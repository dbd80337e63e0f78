/**
 * An image is written onto the disk that a machine runs from, by the real Pulumi CLI, real ssh, kexec and QEMU: kexec starts the
 * machine into its memory, the disk is written, and the machine boots from it with its old host key.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TestStack } from '../lab/stack.ts';
import { makeGuest } from './guest.ts';

let stack: TestStack;
let memory: string;

const root = { disk: '/dev/disk/by-id/virtio-root', serial: 'root' };

function configure(disk?: object): void {
  const machine = {
    image: 'vm',
    rootDisk: { sizeMiB: 1024 },
    memoryMiB: 1024,
    cores: 2,
    forwardPorts: { ssh: { host: 23781, guest: 22 } },
    startTimeoutSeconds: 900,
  };
  const config = {
    ...{ flake: './nix/lab', lab: {}, images: { vm: {} }, virtualMachines: { vm: machine } },
    hosts: { vm: { virtualMachine: true, connectTimeoutSeconds: 60 } },
    diskInstalls: disk ? { vm: { image: 'vm', ...root, ...disk } } : {},
  };
  stack.configure(config);
}

async function sh(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await stack.onVirtualMachine('vm', script);
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
}

before(async () => {
  const guest = await makeGuest();
  stack = await TestStack.create({ stack: 'vm-kexec', network: '10.213.45' });
  memory = join(stack.folder, 'memory');
  mkdirSync(memory);
  copyFileSync(guest.kernel, join(memory, 'kernel'));
  copyFileSync(guest.initrd, join(memory, 'initrd'));
  writeFileSync(join(memory, 'kernel-params'), 'console=ttyS0 panic=10 no_timer_check\n');
  // With Debian's kernel, and as small as possible.
  stack.write(
    'nix/lab/hosts/vm.nix',
    `{
  boot.isContainer = false;
  boot.loader.timeout = 0;
  virtualisation.diskSize = 704;
  system.stateVersion = "26.05";
}
`,
  );
  configure();
  await stack.up();
});

after(async () => {
  await stack.remove();
});

test('guard running: the disk that the machine runs from is refused without kexec', async () => {
  configure({ overwrite: 'root' });
  const { exitCode, text } = await stack.try('preview');
  assert.notEqual(exitCode, 0);
  assert.match(
    text,
    /guard running: the machine runs from \/dev\/vda:\s+- \/dev\/vda1 is mounted at \/boot \(vfat\)\s+- \/dev\/vda2 is mounted at \/ \(ext4\)/,
  );
  configure({ kexec: memory });
  const unnamed = await stack.try('preview');
  assert.match(unnamed.text, /guard contents: .*\s+- partition table gpt\s+- vda1: vfat 'ESP'/);
});

test('a machine started into its memory has its disk written, keeps its host key, and is adopted', async () => {
  const before = await sh(
    'cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key /proc/sys/kernel/random/boot_id',
  );
  await sh('echo mine >/root/mark; sync');
  const settings = { keepHostKeys: true, afterwards: 'reboot', bootTimeoutSeconds: 900 };
  configure({ overwrite: 'root', kexec: memory, ...settings });
  const { text } = await stack.preview();
  assert.match(text, /\/dev\/vda: serial root, .*, the machine runs from it/);
  await stack.up();
  const after = await sh('cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key /proc/sys/kernel/random/boot_id');
  const [key, boot] = [/PRIVATE KEY-----([^-]*)/, /[0-9a-f-]{36}$/].map((part) => [
    part.exec(before)?.[0],
    part.exec(after)?.[0],
  ]);
  assert.ok(key?.[0]);
  assert.equal(key[0], key[1]);
  assert.notEqual(boot?.[0], boot?.[1]);
  assert.equal(await sh('ls /root/mark 2>/dev/null || echo gone'), 'gone');
  const { vm } = await stack.live();
  assert.deepEqual([vm?.generation, vm?.booted], [1, vm?.system]);
  await stack.pulumi('preview', '--expect-no-changes');
});
