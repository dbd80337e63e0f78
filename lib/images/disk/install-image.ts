import type { DiskInstallInputs, DiskInstallState } from '../../../schema/disk-install.ts';
import { hasCode, isFailure } from '../../base/errors.ts';
import type { Machine } from '../../machine/ssh/machine.ts';
import { machineAt } from '../../machine/ssh/machine-at.ts';
import { bootIdOf, keepHostKeys, rebootInto } from './boot-disk.ts';
import { type DiskRequest, type Refusal, refusals, refusedBy } from './guards.ts';
import type { DiskReading } from './parse-disk.ts';
import { enterRamSystem } from './ram-system.ts';
import { hashRaw, type RawImage, withRawImage } from './raw-image.ts';
import { readDisk } from './read-disk.ts';
import { writeDisk } from './write-disk.ts';

export interface InstallOptions {
  /** SHA-256 of the first MiB of an image that this stack began to write and did not finish. */
  unfinishedHead?: string | undefined;
  signal: AbortSignal;
  status: (line: string) => void;
  warn: (line: string) => void;
  /** Called with the state to record if the write, or a step after it, failed. */
  onFailure: (error: Error, state: DiskInstallState) => never;
}

type Written = Pick<DiskInstallState, 'bytes' | 'sha256' | 'headSha256' | 'backupTable'>;

/** The disk to write, as just read, and the connection to its machine. */
interface Target {
  machine: Machine;
  reading: DiskReading;
}

/**
 * Reads a disk, checks its guards, writes and verifies an image, then keeps host keys and reboots if the inputs ask for it.
 * @throws FleetError disk-refused, image-failed, and those of ssh, if nothing was written
 */
export async function installImage(
  machine: Machine,
  inputs: DiskInstallInputs,
  options: InstallOptions,
): Promise<DiskInstallState> {
  const { image } = inputs;
  const { signal, status } = options;
  // Checked first: unpacking the image takes long.
  await readChecked(machine, inputs, inputs, options);
  status('unpacking the image');
  return await withRawImage(image, { host: machine.name, signal }, async (raw) => {
    status('computing its hash');
    const hashes = await hashRaw(raw, signal);
    const target = await prepareTarget(machine, inputs, raw, options);
    const { reading } = target;
    const known = { bytes: raw.bytes, headSha256: hashes.headSha256 };
    const failed = (error: Error, state: 'written' | 'unfinished', written: Partial<Written> = {}) =>
      options.onFailure(
        error,
        stateOf(inputs, reading, { ...known, sha256: '', backupTable: '', ...written }, state),
      );
    const { moved } = await writeDisk(target.machine, { raw, ...hashes, reading, signal, status }).catch(
      (error: Error) => {
        if (hasCode(error, 'disk-refused')) throw error;
        return failed(error, 'unfinished');
      },
    );
    if (!moved && raw.bytes < reading.found.sizeBytes) options.warn(unmovedTableWarning(inputs, reading));
    const written = { ...known, sha256: hashes.sha256, backupTable: moved };
    await finish(inputs, target, options).catch((error: Error) => failed(error, 'written', written));
    return stateOf(inputs, reading, written, 'verified');
  });
}

/**
 * Does what failed after an image was written: keeps the host keys and reboots, unless the machine runs from the disk by now.
 * @throws FleetError disk-refused if the disk no longer begins with the image, and those of ssh
 */
export async function completeInstall(
  machine: Machine,
  inputs: DiskInstallInputs,
  state: DiskInstallState,
  options: Omit<InstallOptions, 'unfinishedHead' | 'warn'>,
): Promise<DiskInstallState> {
  const { disk, serial, found: _, ...settings } = inputs;
  const { signal } = options;
  const verified: DiskInstallState = { ...state, ...settings, state: 'verified' };
  if (await hasBooted(inputs, state, signal)) return verified;
  const reading = await readDisk(machine, { disk, serial }, { signal, waitSeconds: 30 });
  if (reading.found.running) return verified;
  if (reading.headSha256 !== state.headSha256)
    throw refusedBy(machine.name, reading.found.device, [changedSince(inputs)]);
  await finish(inputs, { machine, reading }, options).catch((error: Error) =>
    options.onFailure(error, state),
  );
  return verified;
}

function changedSince({ afterwards }: DiskInstallInputs): Refusal {
  const rest = afterwards === 'reboot' ? 'the host keys and the reboot' : 'the host keys';
  return {
    guard: 'contents',
    why: 'it no longer begins with the image that was written',
    fix: `Set keepHostKeys: false and afterwards: leave if ${rest} are not needed any more.`,
  };
}

/** Whether the machine answers at the address of the booted system, in another boot than the one that wrote the disk. */
async function hasBooted(
  { host, bootConnection, afterwards }: DiskInstallInputs,
  { bootId }: DiskInstallState,
  signal: AbortSignal,
): Promise<boolean> {
  if (afterwards !== 'reboot' || !bootConnection) return false;
  const machine = machineAt(host, bootConnection);
  const timeoutSeconds = bootConnection.connectTimeoutSeconds + 10;
  const now = await bootIdOf(machine, timeoutSeconds, signal).catch((error: unknown) => {
    if (isFailure(error)) return bootId;
    throw error;
  });
  return now !== bootId;
}

/** Reads the disk again, now against the image. A machine that runs from it starts the RAM system first, if `kexec` is set. */
async function prepareTarget(
  machine: Machine,
  inputs: DiskInstallInputs,
  raw: RawImage,
  options: InstallOptions,
): Promise<Target> {
  const request = { ...inputs, imageBytes: raw.bytes, imageSectorBytes: raw.sectorBytes };
  const reading = await readChecked(machine, inputs, request, options);
  const { kexec: folder, bootTimeoutSeconds: timeoutSeconds } = inputs;
  if (folder === undefined || !reading.found.running) return { machine, reading };
  const { signal, status } = options;
  const ramSystem = await enterRamSystem(machine, { folder, reading, timeoutSeconds, signal, status });
  return {
    machine: ramSystem,
    reading: await readChecked(ramSystem, inputs, { ...request, kexec: undefined }, options),
  };
}

/**
 * Reads the disk and checks its guards.
 * @throws FleetError disk-refused
 */
async function readChecked(
  machine: Machine,
  { disk, serial }: DiskInstallInputs,
  request: DiskRequest,
  { unfinishedHead, signal, status }: InstallOptions,
): Promise<DiskReading> {
  status('checking the disk');
  const reading = await readDisk(machine, { disk, serial }, { signal, waitSeconds: 30 });
  const { found, headSha256, unfinished } = reading;
  // The disk begins with the image that was being written, so nobody has used it since.
  const own = headSha256 !== '' && [unfinishedHead, unfinished].includes(headSha256);
  const refused = refusals(request, found, own);
  if (refused.length > 0) throw refusedBy(machine.name, found.device, refused);
  return reading;
}

/** The steps after the disk is verified. */
async function finish(
  { keepHostKeys: keep, afterwards, bootConnection, bootTimeoutSeconds }: DiskInstallInputs,
  { machine, reading }: Target,
  { signal, status }: Pick<InstallOptions, 'signal' | 'status'>,
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
  written: Written,
  state: DiskInstallState['state'],
): DiskInstallState {
  return {
    ...inputs,
    ...written,
    state,
    serials: found.serials,
    machineId,
    bootId,
    writtenAt: new Date().toISOString(),
    present: 'yes',
  };
}

function unmovedTableWarning({ host }: DiskInstallInputs, { found }: DiskReading): string {
  return `${host}: the machine has neither sgdisk nor sfdisk, so the backup partition table of ${found.device} is not at the end of the disk until the first boot grows the partitions`;
}
