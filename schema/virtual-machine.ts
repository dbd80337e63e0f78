import * as z from 'zod';
import { connection } from './connection.ts';

/** A name that is part of file names, of unit names and of QEMU's options. */
const plainName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
  message: 'must be a name of lower-case letters, digits and hyphens',
});
const absolutePath = z.string().regex(/^\/[^\0\n]*$/, 'must be an absolute path');
const port = z.int().min(1).max(65535);

const forwardPort = z.strictObject({
  host: port.describe('Port of this computer.'),
  guest: port.describe('Port of the machine.'),
  protocol: z.enum(['tcp', 'udp']).default('tcp').describe('Protocol.'),
  address: z
    .ipv4()
    .default('127.0.0.1')
    .describe('Address of this computer that listens; another one opens the port to its network.'),
});
export type ForwardPort = z.infer<typeof forwardPort>;

const sharedFolder = z.strictObject({
  source: absolutePath.describe('Folder of this computer.'),
  readOnly: z.boolean().default(false).describe('Whether the machine has read access only.'),
});

/** What a machine is made of, as far as the stack’s config and the resource agree on it. */
export const virtualMachineSettings = z.object({
  image: absolutePath
    .optional()
    .describe('Disk image that the root disk is made from, once; any format that qemu-img knows.'),
  rootDisk: z
    .strictObject({
      from: z
        .enum(['copy', 'backing'])
        .default('copy')
        .describe('Whether the root disk is a full copy of the image, or holds only what differs from it.'),
      sizeMiB: z
        .int()
        .min(1)
        .optional()
        .describe('Size of the root disk, MiB. Default: the image’s. It can grow later, but not shrink.'),
    })
    .prefault({})
    .describe('The writable disk that is made from the image.'),
  onImageChange: z
    .enum(['keep', 'replace'])
    .default('keep')
    .describe('Whether a machine stays as it is when its image changes, or is replaced, its data lost.'),
  system: absolutePath
    .optional()
    .describe(
      'A built `config.system.build.vm`, to be run instead of an image; its disk is made by its own script.',
    ),
  kernel: absolutePath
    .optional()
    .describe('Kernel that QEMU loads itself, in the place of the system’s or of the image’s boot loader.'),
  initrd: absolutePath.optional().describe('Initial RAM disk for that kernel.'),
  kernelParams: z
    .array(z.string().min(1))
    .default([])
    .describe('Kernel parameters; of a system, those it has come first.'),
  cores: z.int().min(1).max(512).default(1).describe('Processors.'),
  memoryMiB: z.int().min(64).max(16777216).default(1024).describe('Memory, MiB.'),
  disks: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,19}$/, 'must be a name of at most 20 letters, digits and hyphens'),
      z.strictObject({ sizeMiB: z.int().min(1).describe('Size, MiB. It can grow later, and never shrink.') }),
    )
    .default({})
    .describe('Further disks, empty at first, by name: `/dev/disk/by-id/virtio-<name>` in the machine.'),
  sharedFolders: z
    .record(
      z.string().regex(/^[A-Za-z0-9_.-]{1,31}$/, 'must be a mount tag of letters and digits'),
      sharedFolder,
    )
    .default({})
    .describe('Folders of this computer that the machine can mount (9p), by mount tag.'),
  forwardPorts: z
    .record(plainName, forwardPort)
    .default({})
    .describe('Ports of this computer that lead into the machine, by a name such as `ssh`.'),
  firmware: z
    .enum(['uefi', 'bios'])
    .optional()
    .describe(
      'What starts the boot loader. Default: UEFI with variables of its own for an image, else BIOS.',
    ),
  acceleration: z
    .enum(['auto', 'kvm', 'tcg'])
    .default('auto')
    .describe(
      'KVM where the processor offers it and `/dev/kvm` can be opened, else emulation (TCG); or one of them.',
    ),
  gdb: z
    .strictObject({
      port: port.default(1234).describe('Port of this computer, on its loopback, where GDB attaches.'),
      wait: z.boolean().default(false).describe('Whether the machine stands still at its first instruction.'),
    })
    .optional()
    .describe('A stub for GDB, which can stop and inspect the kernel.'),
  qemuOptions: z.array(z.string()).default([]).describe('Further arguments of QEMU, one word each.'),
  user: connection.shape.user,
  identityFile: absolutePath
    .optional()
    .describe('Private key file to log in with. Default: a key created for the machine.'),
  startTimeoutSeconds: z
    .int()
    .min(5)
    .max(7200)
    .default(600)
    .describe('Seconds until ssh must answer, where a port is forwarded to the machine’s port 22.'),
  stopTimeoutSeconds: z
    .int()
    .min(1)
    .max(3600)
    .default(60)
    .describe('Seconds for a clean shutdown; then the machine is switched off.'),
});

/** Inputs of `nixos:index:VirtualMachine`: a machine in QEMU on the operator’s computer. */
export const virtualMachineInputs = virtualMachineSettings.extend({
  stack: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be letters, digits, dots, hyphens and underscores')
    .describe('Keeps the machines of several stacks apart; the stack’s name by default.'),
  name: plainName.describe('Name of the machine, unique in its stack.'),
  credentials: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9_.-]{1,28}$/, 'must be a name of at most 28 letters, digits, dots and hyphens'),
      z.string(),
    )
    .optional()
    .describe('systemd credentials that the machine finds at its start, by name; kept as secrets.'),
});
export type VirtualMachineInputs = z.infer<typeof virtualMachineInputs>;

/** State of `nixos:index:VirtualMachine`: the inputs, how it is reached, and whether it runs. */
export const virtualMachineState = virtualMachineInputs.omit({ credentials: true }).extend({
  running: z.boolean().describe('Whether it runs.'),
  status: z
    .string()
    .describe('Status reported by QEMU (`running`, `paused`, `guest-panicked`, …), or `off`.'),
  pid: z.int().optional().describe('Process of QEMU.'),
  startedAt: z.string().optional().describe('When that process started (ISO 8601, UTC).'),
  accelerator: z.enum(['kvm', 'tcg']).describe('How its processors are run.'),
  address: z.string().describe('Where it is reached: this computer’s loopback.'),
  port: z.int().optional().describe('Port of this computer that leads to its sshd.'),
  identityFile: z.string().describe('Private key file to log in with.'),
  hostKey: z.string().optional().describe('Its public ssh host key, read when it first started.'),
  machineId: z.string().optional().describe('Its machine-id, where the login works.'),
  console: z.string().describe('File with all output of its serial console.'),
  folder: z.string().describe('Folder with its disks, sockets and console.'),
});
export type VirtualMachineState = z.infer<typeof virtualMachineState>;

/** The forwarded port that leads to the machine’s sshd. */
export function sshForward({
  forwardPorts,
}: Pick<VirtualMachineInputs, 'forwardPorts'>): ForwardPort | undefined {
  return Object.values(forwardPorts).find(({ guest, protocol }) => guest === 22 && protocol === 'tcp');
}

/** One virtual machine in the stack’s config. */
export const virtualMachineConfig = z
  .strictObject({
    ...virtualMachineSettings.shape,
    image: z
      .string()
      .min(1)
      .optional()
      .describe('Disk image that the root disk is made from, once: one of `images`, or an absolute path.'),
    configuration: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Attribute under nixosConfigurations whose `config.system.build.vm` is run: a machine tried on this computer.',
      ),
  })
  .refine(({ configuration, system, image }) => !configuration || !(system || image), {
    path: ['configuration'],
    message: 'brings a system and a disk of its own: system and image cannot be given with it',
  });
export type VirtualMachineConfig = z.infer<typeof virtualMachineConfig>;
