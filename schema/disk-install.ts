import * as z from 'zod';
import { connection, connectionSettings } from './connection.ts';
import { withoutDefaults } from './without-defaults.ts';

const absolutePath = z.string().regex(/^\/[^\0\n]*$/, 'must be an absolute path');

/** Which disk, and what may be done to it: what the stack's config and the resource share. */
const settings = z.strictObject({
  disk: z
    .string()
    .regex(/^\/dev\/[^\0\s]+$/, 'must be the path of a device, such as /dev/disk/by-id/nvme-…')
    .describe(
      'The disk’s device on the machine, such as `/dev/disk/by-id/nvme-…`. The name is where it is looked for; `serial` is what it must be.',
    ),
  serial: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Serial number or WWN that the disk must have. Left out only for a disk that has none: then sizeBytes is needed.',
    ),
  sizeBytes: z
    .int()
    .min(1)
    .optional()
    .describe('Size that the disk must have, in bytes. Default: any that the image fits on.'),
  overwrite: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Confirms that the disk’s content may be lost: its serial again, or its size in bytes if it has none. Without it only an empty disk is written.',
    ),
  onImageChange: z
    .enum(['keep', 'rewrite'])
    .default('keep')
    .describe(
      'Whether a disk that was written stays as it is when its image changes, or is written again, its data lost. Every guard applies then, too.',
    ),
  keepHostKeys: z
    .boolean()
    .default(false)
    .describe(
      'Whether the ssh host keys of the system that writes the disk are put into the system on it, so that the machine keeps them.',
    ),
  afterwards: z
    .enum(['leave', 'reboot'])
    .default('leave')
    .describe(
      'What is done with the machine once its disk is verified: nothing, or it is rebooted, and waited for at the address of the host of this name.',
    ),
  bootTimeoutSeconds: z
    .int()
    .min(30)
    .max(86400)
    .default(600)
    .describe('Seconds within which a machine must answer after a reboot or after starting the RAM system.'),
});

/** A disk as it was seen on the machine: what a preview shows, and what the guards judge. */
const diskFound = z.object({
  device: z.string().describe('Name of the device at that time.'),
  kind: z.enum(['disk', 'partition', 'other', 'missing']),
  serials: z.array(z.string()).describe('Serial number and WWN, as the kernel and udev report them.'),
  model: z.string().describe('Maker and model.'),
  sizeBytes: z.number().describe('Size, bytes.'),
  sectorBytes: z.number().describe('Size of a logical sector, bytes.'),
  readOnly: z.boolean(),
  contents: z
    .array(z.string())
    .describe('Partition table, file systems, RAID, LVM and ZFS members; none where the disk is empty.'),
  uses: z.array(z.string()).describe('Mounts, swap, holders and processes that use it now.'),
  running: z.boolean().describe('Whether the machine runs from it.'),
  others: z.array(z.string()).describe('The machine’s other disks.'),
  architecture: z.string().describe('Architecture of the machine (uname -m).'),
});
export type DiskFound = z.infer<typeof diskFound>;

/** Inputs of `nixos:index:DiskInstall`: an image that is installed on a disk of a machine. */
export const diskInstallInputs = settings.extend({
  host: z.string().describe('Name of the machine in the stack’s config.'),
  connection: connection.describe('How the machine is entered while its disk is written.'),
  bootConnection: connection
    .optional()
    .describe('How the machine is entered once it has booted from the disk. Default: as before.'),
  kexec: absolutePath
    .optional()
    .describe(
      'Folder with a system that lives in memory (kernel, initrd, kernel-params), which a machine that runs from the disk is started into first.',
    ),
  image: absolutePath.describe('The image’s file on the operator’s computer.'),
  imageHash: z
    .string()
    .optional()
    .describe(
      'SHA-256 of that file, where its path does not depend on its content, as one in the Nix store does.',
    ),
  imageSizeMiB: z.int().optional().describe('Size of the disk in the image, MiB, where it is known.'),
  platform: z
    .string()
    .optional()
    .describe('Nix system of the image, such as x86_64-linux; it must be the machine’s.'),
  found: diskFound
    .optional()
    .describe('The disk as the program saw it before anything was done; absent where it could not be read.'),
});
export type DiskInstallInputs = z.infer<typeof diskInstallInputs>;

/** State of `nixos:index:DiskInstall`: what was written, where, and whether it was verified. */
export const diskInstallState = diskInstallInputs.omit({ found: true }).extend({
  state: z
    .enum(['verified', 'written', 'unfinished'])
    .describe(
      'Whether the whole image was written and read back; `written` if the host keys or the reboot failed after that, `unfinished` if the write was interrupted.',
    ),
  serials: z.array(z.string()).describe('Serial number and WWN of the disk that was written.'),
  bytes: z.number().describe('Bytes written: the size of the disk in the image.'),
  sha256: z.string().describe('SHA-256 of those bytes, as read back from the disk; empty where unfinished.'),
  headSha256: z
    .string()
    .describe('SHA-256 of the first MiB: by it a disk that was half written by this stack is known again.'),
  backupTable: z
    .string()
    .describe('What moved the backup partition table to the disk’s end; empty where nothing did.'),
  machineId: z.string().describe('Machine-id of the system that the machine ran while it was written.'),
  bootId: z.string().describe('Boot id of that system.'),
  writtenAt: z.string().describe('When the writing ended (ISO 8601, UTC).'),
  present: z
    .enum(['yes', 'no', 'unknown'])
    .describe(
      'Whether the disk was in the machine when last read; unknown where the machine was not reached.',
    ),
});
export type DiskInstallState = z.infer<typeof diskInstallState>;

// A password is the host's: the stack's config is refused with one in plain text.
const { becomePassword: _, ...enteredBy } = withoutDefaults(connectionSettings.shape);

/** One disk in the stack's config. */
export const diskInstallConfig = settings
  .extend({
    image: z.string().min(1).describe('What is written: one of `images`, or the absolute path of a file.'),
    kexec: z
      .string()
      .min(1)
      .optional()
      .describe(
        'System in memory that a machine running from the disk is started into first: a configuration with `system.build.ramSystem`, or the absolute path of a built one.',
      ),
    virtualMachine: z
      .string()
      .min(1)
      .optional()
      .describe('The one of `virtualMachines` whose disk it is. Default: that of the host of this name.'),
    ...enteredBy,
    address: enteredBy.address.describe('Address of the machine. Default: that of the host of this name.'),
  })
  .refine(({ serial, sizeBytes }) => serial !== undefined || sizeBytes !== undefined, {
    path: ['serial'],
    message: 'is needed; for a disk that has none, sizeBytes',
  });
export type DiskInstallConfig = z.infer<typeof diskInstallConfig>;
