import type { DiskFound, DiskInstallInputs } from '../../../schema/disk-install.ts';
import { formatBytes } from '../../base/bytes.ts';

/** What guards a disk: each refuses by its name. */
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
  /** Set where the machine boots into its memory before the disk is written. */
  kexec?: string | undefined;
  /** Size of the disk in the image, bytes; not known before it is built, in a preview. */
  imageBytes?: number;
  /** Size of the sectors that the image's partition table counts in. */
  imageSectorBytes?: number;
}

/**
 * Why an image must not be written onto a disk; nothing where it may. All that stands against it is told at once, except
 * that nothing is said of the contents of a disk that is not the one meant. Pure.
 * @param own whether the disk is known to hold an image that this stack began to write and did not finish
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

function identityRefusals(request: DiskRequest, found: DiskFound): Refusal[] {
  const { disk, serial, sizeBytes } = request;
  const { kind, serials, others, device } = found;
  if (kind === 'missing')
    return [
      {
        guard: 'missing',
        why: `there is no ${disk} on the machine; it has\n${list(others) || 'no disk at all'}`,
        fix: 'Name one of these, by a link below /dev/disk/by-id where there is one.',
      },
    ];
  if (kind !== 'disk') {
    const what = kind === 'partition' ? 'a partition' : 'made of other devices (RAID, LVM, a loop, …)';
    return [
      {
        guard: 'not-a-disk',
        why: `${device} is ${what}`,
        fix: 'Name the whole disk that is to be written.',
      },
    ];
  }
  const refused: Refusal[] = [];
  if (serial === undefined && serials.length > 0)
    refused.push({
      guard: 'serial',
      why: `serial is not given, and the disk ${device} has one: ${serials.join(', ')}`,
      fix: `If that is the disk you mean, set serial: ${serials[0]}`,
    });
  if (serial !== undefined && !serials.includes(serial))
    refused.push({
      guard: 'serial',
      why: `serial is ${serial}, and the disk ${device} has ${serials.length > 0 ? serials.join(', ') : 'none'}; the machine’s other disks are\n${list(others) || 'none'}`,
      fix: 'Another disk may have this name now: name the right one in disk, or fix serial.',
    });
  if (sizeBytes !== undefined && sizeBytes !== found.sizeBytes)
    refused.push({
      guard: 'size',
      why: `sizeBytes is ${sizeBytes}, and the disk ${device} has ${found.sizeBytes} bytes`,
      fix: 'Name the right disk, or fix sizeBytes.',
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
      fix: 'Make the image smaller: it grows into its disk when the machine first starts.',
    });
  if (imageSectorBytes !== undefined && imageSectorBytes !== sectorBytes)
    refused.push({
      guard: 'sectors',
      why: `the image’s partition table counts sectors of ${imageSectorBytes} bytes, and ${device} has sectors of ${sectorBytes}: the machine would find no partition`,
      fix: 'Make the image for such sectors, or set the disk to the other size where it can do both (nvme format, hdparm).',
    });
  if (readOnly)
    refused.push({
      guard: 'read-only',
      why: `${device} cannot be written to`,
      fix: 'Is it locked by a switch?',
    });
  const wanted = platform?.split('-')[0];
  if (wanted && !sameArchitecture(wanted, architecture))
    refused.push({
      guard: 'architecture',
      why: `the image is for ${wanted}, and the machine is a ${architecture}`,
      fix: 'Name an image of a configuration for this machine.',
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
        fix: 'Is it the right disk? If so, unmount it, or take it out of what holds it.',
      },
    ];
  if (kexec !== undefined) return [];
  return [
    {
      guard: 'running',
      why: `the machine runs from ${device}:\n${list(uses)}`,
      fix: 'Boot the machine from something else (an installer, a rescue system), or set kexec, by which it leaves its disk for its memory first.',
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
        fix: 'Name in overwrite the disk that may be lost, or leave it out.',
      },
    ];
  if (contents.length === 0 || overwrite !== undefined || own) return [];
  return [
    {
      guard: 'contents',
      why: `${device} is not empty:\n${list(contents)}`,
      fix: `If all of that may be lost, set overwrite: ${names[0]}`,
    },
  ];
}

/** Whether a kernel's word for its architecture is Nix's; a 64-bit kernel is asked for its own. */
function sameArchitecture(nix: string, uname: string): boolean {
  const others: Record<string, RegExp> = { i686: /^i.86$/, armv7l: /^armv[78]l$/, armv6l: /^armv[678]l$/ };
  return others[nix]?.test(uname) ?? nix === uname;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}
