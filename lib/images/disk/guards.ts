import type { DiskFound, DiskInstallInputs } from '../../../schema/disk-install.ts';
import { formatBytes } from '../../base/bytes.ts';
import { FleetError } from '../../base/errors.ts';

/** Checks before a disk is written; errors name the one that refused. */
type Guard =
  | 'missing'
  | 'not-a-disk'
  | 'serial'
  | 'size'
  | 'room'
  | 'sectors'
  | 'read-only'
  | 'architecture'
  | 'running'
  | 'in-use'
  | 'contents';

export interface Refusal {
  guard: Guard;
  why: string;
  fix: string;
}

export interface DiskRequest
  extends Pick<DiskInstallInputs, 'disk' | 'serial' | 'sizeBytes' | 'overwrite' | 'platform'> {
  /** Set if the machine boots into the RAM system before the disk is written. */
  kexec?: string | undefined;
  /** Size of the disk in the image, bytes; undefined in a preview, before the image is built. */
  imageBytes?: number;
  /** Sector size that the image's partition table is written for, bytes. */
  imageSectorBytes?: number;
}

/**
 * Why an image must not be written onto a disk; empty if it may. Reports all refusals at once, except that a disk with the
 * wrong identity is not checked further.
 * @param own whether the disk contains an image that this stack began to write and did not finish
 */
export function refusals(request: DiskRequest, found: DiskFound, own = false): Refusal[] {
  const identity = identityRefusals(request, found);
  if (identity.length > 0) return identity;
  return [
    ...fitRefusals(request, found),
    ...useRefusals(request, found),
    ...lossRefusals(request, found, own),
  ];
}

/** One error for all guards that refused, each with its name. */
export function refusedBy(host: string, device: string, refused: readonly Refusal[]): FleetError {
  return new FleetError({
    code: 'disk-refused',
    what: `nothing is written onto ${device}`,
    host,
    why: refused.map(({ guard, why }) => `guard ${guard}: ${why}`).join('\n'),
    fix: refused.map(({ fix }) => fix).join('\n'),
  });
}

function identityRefusals(request: DiskRequest, found: DiskFound): Refusal[] {
  const { disk, serial, sizeBytes } = request;
  const { kind, serials, others, device } = found;
  if (kind === 'missing')
    return [
      {
        guard: 'missing',
        why: `the machine has no ${disk}; it has\n${list(others) || 'no disk at all'}`,
        fix: 'Set disk to one of these, if possible by its link in /dev/disk/by-id.',
      },
    ];
  if (kind !== 'disk') {
    const what = kind === 'partition' ? 'a partition' : 'a virtual block device (RAID, LVM, loop, …)';
    return [
      {
        guard: 'not-a-disk',
        why: `${device} is ${what}`,
        fix: 'Set disk to the whole disk to write.',
      },
    ];
  }
  const refused: Refusal[] = [];
  if (serial === undefined && serials.length > 0)
    refused.push({
      guard: 'serial',
      why: `serial is not given, and the disk ${device} has one: ${serials.join(', ')}`,
      fix: `If this is the right disk, set serial: ${serials[0]}`,
    });
  if (serial !== undefined && !serials.includes(serial))
    refused.push({
      guard: 'serial',
      why: `serial is ${serial}, and the disk ${device} has ${serials.length > 0 ? serials.join(', ') : 'none'}; the machine’s other disks are\n${list(others) || 'none'}`,
      fix: 'The name may now belong to another disk: fix disk or serial.',
    });
  if (sizeBytes !== undefined && sizeBytes !== found.sizeBytes)
    refused.push({
      guard: 'size',
      why: `sizeBytes is ${sizeBytes}, and the disk ${device} has ${found.sizeBytes} bytes`,
      fix: 'Fix disk or sizeBytes.',
    });
  return refused;
}

function fitRefusals(request: DiskRequest, found: DiskFound): Refusal[] {
  const { imageBytes = 0, imageSectorBytes, platform } = request;
  const { device, sizeBytes, sectorBytes, readOnly, architecture } = found;
  const refused: Refusal[] = [];
  if (imageBytes > sizeBytes)
    refused.push({
      guard: 'room',
      why: `the image is a disk of ${formatBytes(imageBytes)}, and ${device} has ${formatBytes(sizeBytes)}`,
      fix: 'Make the image smaller: it grows to the disk on the first boot.',
    });
  if (imageSectorBytes !== undefined && imageSectorBytes !== sectorBytes)
    refused.push({
      guard: 'sectors',
      why: `the image’s partition table is for sectors of ${imageSectorBytes} bytes, and ${device} has sectors of ${sectorBytes}: the machine would find no partition`,
      fix: 'Build the image for this sector size, or reformat the disk to the other one if it supports both (nvme format, hdparm).',
    });
  if (readOnly)
    refused.push({
      guard: 'read-only',
      why: `${device} is read-only`,
      fix: 'Check for a write-protect switch.',
    });
  const desired = platform?.split('-')[0];
  if (desired && !sameArchitecture(desired, architecture))
    refused.push({
      guard: 'architecture',
      why: `the image is for ${desired}, and the machine is ${architecture}`,
      fix: 'Use an image of a configuration for this architecture.',
    });
  return refused;
}

function useRefusals({ kexec }: DiskRequest, { device, uses, running }: DiskFound): Refusal[] {
  if (uses.length === 0) return [];
  if (!running)
    return [
      {
        guard: 'in-use',
        why: `${device} is in use:\n${list(uses)}`,
        fix: 'Check that this is the right disk. If so, unmount it and stop its users.',
      },
    ];
  if (kexec !== undefined) return [];
  return [
    {
      guard: 'running',
      why: `the machine runs from ${device}:\n${list(uses)}`,
      fix: 'Boot the machine from an installer or a rescue system, or set kexec to run it from memory first.',
    },
  ];
}

function lossRefusals({ overwrite }: DiskRequest, found: DiskFound, own: boolean): Refusal[] {
  const { device, contents, serials, sizeBytes } = found;
  const names = serials.length > 0 ? serials : [String(sizeBytes)];
  if (overwrite !== undefined && !names.includes(overwrite))
    return [
      {
        guard: 'contents',
        why: `overwrite names ${overwrite}, and the disk ${device} is ${names.join(', ')}`,
        fix: 'Set overwrite to the disk whose data may be lost, or remove it.',
      },
    ];
  if (contents.length === 0 || overwrite !== undefined || own) return [];
  return [
    {
      guard: 'contents',
      why: `${device} is not empty:\n${list(contents)}`,
      fix: `If this data may be lost, set overwrite: ${names[0]}`,
    },
  ];
}

/** Whether `uname -m` matches the architecture of a Nix platform. */
function sameArchitecture(nix: string, uname: string): boolean {
  const others: Record<string, RegExp> = { i686: /^i.86$/, armv7l: /^armv[78]l$/, armv6l: /^armv[678]l$/ };
  return others[nix]?.test(uname) ?? nix === uname;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}
