import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vmPaths } from '../../../../../lib/local/vm/paths.ts';
import {
  type QemuRequest,
  qemuArguments,
  scriptArguments,
  scriptEnvironment,
} from '../../../../../lib/local/vm/qemu-arguments.ts';
import { virtualMachineInputs } from '../../../../../schema/virtual-machine.ts';

const paths = vmPaths('dev', 'base');

function request(inputs: object, more: Partial<QemuRequest> = {}): QemuRequest {
  return {
    inputs: virtualMachineInputs.parse({ stack: 'dev', name: 'base', ...inputs }),
    paths,
    accelerator: 'tcg',
    data: [],
    firmware: undefined,
    credentials: {},
    ...more,
  };
}

/** The values that come after an option, in their order. */
function valuesOf(args: readonly string[], option: string): string[] {
  return args.flatMap((arg, index) => (args[index - 1] === option ? [arg] : []));
}

test('an image boots with UEFI firmware from a disk named by its serial number', () => {
  const args = qemuArguments(request({ image: '/i.qcow2' }, { firmware: '/code,1.fd', data: ['/roms'] }));
  assert.deepEqual(valuesOf(args, '-drive'), [
    'if=pflash,format=raw,unit=0,readonly=on,file=/code,,1.fd',
    `if=pflash,format=raw,unit=1,file=${paths.variables}`,
    `if=none,id=disk-root,format=qcow2,discard=unmap,file=${paths.rootDisk}`,
  ]);
  assert.ok(valuesOf(args, '-device').includes('virtio-blk-pci,drive=disk-root,serial=root,bootindex=1'));
  assert.deepEqual(valuesOf(args, '-L'), ['/roms']);
  assert.deepEqual(valuesOf(args, '-machine'), ['q35,accel=tcg']);
  assert.ok(!args.includes('-kernel'));
});

test('the pid file is a separate argument, which identifies the process', () => {
  for (const args of [qemuArguments(request({ image: '/i' })), scriptArguments(request({ system: '/s' }))]) {
    assert.deepEqual(valuesOf(args, '-pidfile'), [paths.pid]);
    assert.ok(!args.includes('-daemonize'));
  }
});

test('sockets have relative names, since Linux limits the length', () => {
  const args = qemuArguments(request({ image: '/i' }));
  assert.deepEqual(valuesOf(args, '-qmp'), ['unix:monitor,server=on,wait=off']);
  assert.match(valuesOf(args, '-chardev')[0] ?? '', /^socket,id=serial0,path=serial,.*logfile=\//);
});

test('a kernel is passed with its initrd and parameters', () => {
  const inputs = { kernel: '/k', initrd: '/i', kernelParams: ['console=ttyS0', 'quiet'] };
  const args = qemuArguments(request(inputs));
  assert.deepEqual(valuesOf(args, '-append'), ['no_timer_check console=ttyS0 quiet']);
  assert.deepEqual(valuesOf(args, '-initrd'), ['/i']);
  assert.equal(valuesOf(args, '-drive').length, 0);
});

test('the kernel tests its timer only where the processor is not emulated', () => {
  const inputs = { kernel: '/k', kernelParams: ['quiet'] };
  const args = qemuArguments(request(inputs, { accelerator: 'kvm' }));
  assert.deepEqual(valuesOf(args, '-append'), ['quiet']);
  assert.deepEqual(valuesOf(qemuArguments(request({ kernel: '/k' })), '-append'), ['no_timer_check']);
});

test('ports, folders, disks, credentials, GDB and additional options are passed to QEMU', () => {
  const inputs = {
    image: '/i',
    cores: 3,
    memoryMiB: 2048,
    forwardPorts: {
      ssh: { host: 2222, guest: 22 },
      dns: { host: 5353, guest: 53, protocol: 'udp', address: '0.0.0.0' },
    },
    sharedFolders: { share: { source: '/home/a,b', readOnly: true } },
    disks: { data: { sizeMiB: 64 } },
    gdb: { port: 1235, wait: true },
    qemuOptions: ['-no-reboot'],
  };
  const args = qemuArguments(request(inputs, { credentials: { token: '/run/token' } }));
  assert.deepEqual(valuesOf(args, '-netdev'), [
    'user,id=user.0,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=udp:0.0.0.0:5353-:53',
  ]);
  assert.deepEqual(valuesOf(args, '-virtfs'), [
    'local,path=/home/a,,b,mount_tag=share,security_model=none,readonly=on',
  ]);
  assert.deepEqual(valuesOf(args, '-fw_cfg'), ['name=opt/io.systemd.credentials/token,file=/run/token']);
  assert.deepEqual(valuesOf(args, '-smp'), ['3']);
  assert.deepEqual(valuesOf(args, '-m'), ['2048']);
  assert.deepEqual(valuesOf(args, '-gdb'), ['tcp:127.0.0.1:1235']);
  assert.ok(args.includes('-S'));
  assert.ok(valuesOf(args, '-device').includes('virtio-blk-pci,drive=disk-data,serial=data'));
  assert.equal(args.at(-1), '-no-reboot');
});

test("a system's own script gets disk, folder and ports in variables", () => {
  const inputs = {
    system: '/nix/store/x-vm',
    kernelParams: ['panic=1', 'quiet'],
    forwardPorts: { ssh: { host: 2222, guest: 22 } },
  };
  const environment = scriptEnvironment(request(inputs));
  assert.equal(environment.NIX_DISK_IMAGE, paths.rootDisk);
  assert.equal(environment.TMPDIR, paths.run);
  assert.equal(environment.USE_TMPDIR, '1');
  assert.equal(environment.QEMU_NET_OPTS, 'hostfwd=tcp:127.0.0.1:2222-:22');
  assert.equal(environment.QEMU_KERNEL_PARAMS, 'no_timer_check panic=1 quiet');
  const args = scriptArguments(request({ ...inputs, kernel: '/home/ada/bzImage' }));
  assert.deepEqual(valuesOf(args, '-kernel'), ['/home/ada/bzImage']);
  assert.deepEqual(valuesOf(args, '-netdev'), [], 'the script has its own');
});
