import { join } from 'node:path';
import type { ForwardPort, VirtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { sockets, type vmPaths } from './paths.ts';

/** Everything that QEMU is started with. */
export interface QemuRequest {
  inputs: VirtualMachineInputs;
  paths: ReturnType<typeof vmPaths>;
  accelerator: 'kvm' | 'tcg';
  /** Folders for QEMU's option `-L`. */
  data: readonly string[];
  /** UEFI firmware's code; undefined for BIOS. */
  firmware: string | undefined;
  /** Files with systemd credentials, by name. */
  credentials: Readonly<Record<string, string>>;
}

/**
 * Arguments of QEMU for a machine from an image or a kernel. No -daemonize, since keep.sh waits for the exit code. Sockets have
 * relative names, since QEMU runs in their folder.
 */
export function qemuArguments(request: QemuRequest): string[] {
  const { inputs, paths, firmware } = request;
  return [
    ...['-name', `guest=${inputs.stack}.${inputs.name}`],
    ...['-machine', `q35,accel=${request.accelerator}`, '-cpu', 'max', '-nodefaults'],
    ...['-device', 'virtio-rng-pci'],
    ...['-netdev', `user,id=user.0${forwards(inputs)}`, '-device', 'virtio-net-pci,netdev=user.0'],
    ...(firmware ? flash(firmware, paths.variables) : []),
    ...(inputs.image ? disk('root', paths.rootDisk, ',bootindex=1') : []),
    ...(inputs.kernel ? kernel(request) : []),
    ...common(request),
  ];
}

/**
 * Arguments for the script of a `config.system.build.vm`, which appends them to its own: for options that may be given once,
 * the last one counts.
 */
export function scriptArguments(request: QemuRequest): string[] {
  const { inputs } = request;
  return [
    ...['-machine', `accel=${request.accelerator}`],
    ...(inputs.kernel ? ['-kernel', inputs.kernel] : []),
    ...(inputs.initrd ? ['-initrd', inputs.initrd] : []),
    ...common(request),
  ];
}

/** Environment variables for the script of a `config.system.build.vm`. */
export function scriptEnvironment({
  inputs,
  paths,
  accelerator,
}: Pick<QemuRequest, 'inputs' | 'paths' | 'accelerator'>): Record<string, string> {
  return {
    NIX_DISK_IMAGE: paths.rootDisk,
    NIX_EFI_VARS: paths.variables,
    NIX_SWTPM_DIR: join(paths.folder, 'tpm'),
    TMPDIR: paths.run,
    USE_TMPDIR: '1',
    SHARED_DIR: join(paths.run, 'xchg'),
    QEMU_NET_OPTS: forwards(inputs).slice(1),
    QEMU_KERNEL_PARAMS: kernelParams({ inputs, accelerator }).join(' '),
    QEMU_OPTS: '',
  };
}

function common({ inputs, paths, data, credentials }: QemuRequest): string[] {
  return [
    ...data.flatMap((folder) => ['-L', folder]),
    ...['-smp', String(inputs.cores), '-m', String(inputs.memoryMiB)],
    ...Object.keys(inputs.disks).flatMap((name) => disk(name, diskFile(paths, name))),
    ...Object.entries(inputs.sharedFolders).flatMap(([tag, { source, readOnly }]) => [
      '-virtfs',
      `local,path=${escaped(source)},mount_tag=${tag},security_model=none${readOnly ? ',readonly=on' : ''}`,
    ]),
    ...Object.entries(credentials).flatMap(([name, file]) => [
      '-fw_cfg',
      `name=opt/io.systemd.credentials/${name},file=${escaped(file)}`,
    ]),
    ...['-display', 'none', '-monitor', 'none'],
    ...[
      '-chardev',
      `socket,id=serial0,path=${sockets.serial},server=on,wait=off,logfile=${escaped(paths.console)},logappend=on`,
    ],
    ...['-serial', 'chardev:serial0'],
    ...['-qmp', `unix:${sockets.monitor},server=on,wait=off`],
    ...['-pidfile', paths.pid],
    ...(inputs.gdb ? ['-gdb', `tcp:127.0.0.1:${inputs.gdb.port}`] : []),
    ...(inputs.gdb?.wait ? ['-S'] : []),
    ...inputs.qemuOptions,
  ];
}

/** File of an additional disk. */
export function diskFile({ disks }: Pick<ReturnType<typeof vmPaths>, 'disks'>, name: string): string {
  return join(disks, `${name}.qcow2`);
}

/** A forwarded port in the syntax of QEMU's user network. */
function hostForward({ protocol, address, host, guest }: ForwardPort): string {
  return `${protocol}:${address}:${host}-:${guest}`;
}

function forwards({ forwardPorts }: VirtualMachineInputs): string {
  return Object.values(forwardPorts)
    .map((forward) => `,hostfwd=${hostForward(forward)}`)
    .join('');
}

/** The serial number is the name, so that the machine can identify the disk. */
function disk(name: string, file: string, options = ''): string[] {
  return [
    ...['-drive', `if=none,id=disk-${name},format=qcow2,discard=unmap,file=${escaped(file)}`],
    ...['-device', `virtio-blk-pci,drive=disk-${name},serial=${name}${options}`],
  ];
}

function flash(code: string, variables: string): string[] {
  const drive = 'if=pflash,format=raw';
  return [
    ...['-drive', `${drive},unit=0,readonly=on,file=${escaped(code)}`],
    ...['-drive', `${drive},unit=1,file=${escaped(variables)}`],
  ];
}

function kernel({ inputs, accelerator }: QemuRequest): string[] {
  const { kernel = '', initrd } = inputs;
  const params = kernelParams({ inputs, accelerator });
  return [
    ...['-kernel', kernel],
    ...(initrd ? ['-initrd', initrd] : []),
    ...(params.length > 0 ? ['-append', params.join(' ')] : []),
  ];
}

/**
 * Under emulation, Linux must not test its timer: on a busy computer the ticks come too late for the test, and the kernel
 * panics. It skips the test by itself under KVM.
 */
function kernelParams({ inputs, accelerator }: Pick<QemuRequest, 'inputs' | 'accelerator'>): string[] {
  return [...(accelerator === 'tcg' ? ['no_timer_check'] : []), ...inputs.kernelParams];
}

/** QEMU separates suboptions by commas; a double comma is a literal one. */
function escaped(value: string): string {
  return value.replaceAll(',', ',,');
}
