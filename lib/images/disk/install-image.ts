import type { DiskInstallInputs, DiskInstallState } from '../../../schema/disk-install.ts';
import { hasCode } from '../../base/errors.ts';
import type { Machine } from '../../machine/ssh/machine.ts';
import { machineAt } from '../../machine/ssh/machine-at.ts';
import { keepHostKeys, rebootInto } from './boot-disk.ts';
import { type DiskRequest, refusals } from './guards.ts';
import type { DiskReading } from './parse-disk.ts';
import { enterRamSystem } from './ram-system.ts';
import { hashRaw, type RawImage, withRawImage } from './raw-image.ts';
import { readDisk } from './read-disk.ts';
import { refusedBy } from './refuse.ts';
import { writeDisk } from './write-disk.ts';

export interface InstallOptions {
  /** First MiB of an image that this stack began to write onto the disk and did not finish. */
  unfinishedHead?: string | undefined;
  signal: AbortSignal;
  status: (line: string) => void;
  warn: (line: string) => void;
  /** Called where the disk may be half written, or is whole and something after it failed: with what is to be recorded. */
  onFailure: (error: Error, state: DiskInstallState) => never;
}

/** The disk that is written, as it was just seen, and its machine, as it is entered now. */
interface Target {
  machine: Machine;
  reading: DiskReading;
}

/**
 * Looks at a disk, asks its guards, and writes an image onto it, verified; what is to be done with the machine afterwards is done.
 * @throws FleetError disk-refused, image-failed, and those of ssh, where nothing was written
 */
export async function installImage(
  machine: Machine,
  inputs: DiskInstallInputs,
  options: InstallOptions,
): Promise<DiskInstallState> {
  const { image } = inputs;
  const { signal, status } = options;
  // Before an image is unpacked for nothing.
  await look(machine, inputs, inputs, options);
  status('unpacking the image');
  return await withRawImage(image, { host: machine.name, signal }, async (raw) => {
    status('computing its hash');
    const hashes = await hashRaw(raw, signal);
    const target = await reach(machine, inputs, raw, options);
    const { reading } = target;
    const known = { bytes: raw.bytes, headSha256: hashes.headSha256 };
    const failed = (error: Error, sha256: string, backupTable: string) =>
      options.onFailure(error, stateOf(inputs, reading, { ...known, sha256, backupTable }));
    const { moved } = await writeDisk(target.machine, { raw, ...hashes, reading, signal, status }).catch(
      (error: Error) => {
        if (hasCode(error, 'disk-refused')) throw error;
        return failed(error, '', '');
      },
    );
    if (!moved && raw.bytes < reading.found.sizeBytes) options.warn(leftTable(inputs, reading));
    await goOn(inputs, target, options).catch((error: Error) => failed(error, hashes.sha256, moved));
    return stateOf(inputs, reading, { ...known, sha256: hashes.sha256, backupTable: moved });
  });
}

/** The disk in a state in which it can be written: the machine leaves it first, where it runs from it and may do so. */
async function reach(
  machine: Machine,
  inputs: DiskInstallInputs,
  raw: RawImage,
  options: InstallOptions,
): Promise<Target> {
  const request = { ...inputs, imageBytes: raw.bytes, imageSectorBytes: raw.sectorBytes };
  const reading = await look(machine, inputs, request, options);
  const { kexec: folder, bootTimeoutSeconds: timeoutSeconds } = inputs;
  if (folder === undefined || !reading.found.running) return { machine, reading };
  const { signal, status } = options;
  const inMemory = await enterRamSystem(machine, { folder, reading, timeoutSeconds, signal, status });
  return {
    machine: inMemory,
    reading: await look(inMemory, inputs, { ...request, kexec: undefined }, options),
  };
}

/** @throws FleetError disk-refused */
async function look(
  machine: Machine,
  { disk, serial }: DiskInstallInputs,
  request: DiskRequest,
  { unfinishedHead, signal, status }: InstallOptions,
): Promise<DiskReading> {
  status('looking at the disk');
  const reading = await readDisk(machine, { disk, serial }, { signal, patience: 30 });
  const { found, headSha256, unfinished } = reading;
  // It begins with an image that was being written, and nobody has used it since.
  const own = headSha256 !== '' && [unfinishedHead, unfinished].includes(headSha256);
  const refused = refusals(request, found, own);
  if (refused.length > 0) throw refusedBy(machine.name, found.device, refused);
  return reading;
}

/** What comes after a disk was verified. */
async function goOn(
  { keepHostKeys: keep, afterwards, bootConnection, bootTimeoutSeconds }: DiskInstallInputs,
  { machine, reading }: Target,
  { signal, status }: InstallOptions,
): Promise<void> {
  const request = { signal, status, timeoutSeconds: bootTimeoutSeconds };
  if (keep) await keepHostKeys(machine, reading.found.device, request);
  if (afterwards === 'reboot')
    await rebootInto(
      machine,
      bootConnection ? machineAt(machine.name, bootConnection) : machine,
      reading.bootId,
      request,
    );
}

function stateOf(
  { found: _, ...inputs }: DiskInstallInputs,
  { found, machineId, bootId }: DiskReading,
  written: Pick<DiskInstallState, 'bytes' | 'sha256' | 'headSha256' | 'backupTable'>,
): DiskInstallState {
  return {
    ...inputs,
    ...written,
    state: written.sha256 === '' ? 'unfinished' : 'verified',
    serials: found.serials,
    machineId,
    bootId,
    writtenAt: new Date().toISOString(),
    present: 'yes',
  };
}

function leftTable({ host }: DiskInstallInputs, { found }: DiskReading): string {
  return `${host}: the machine has neither sgdisk nor sfdisk, so the backup of ${found.device}'s partition table stays where it is in the image, and not at the disk's end, until the first boot grows the partitions`;
}
