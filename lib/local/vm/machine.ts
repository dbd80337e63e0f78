import { access, copyFile, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { sshForward, type VirtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { FleetError } from '../../base/errors.ts';
import { exists } from '../../base/files.ts';
import { addRoot } from '../../store/nix/store.ts';
import { chooseAcceleration } from './acceleration.ts';
import { ensureVmBase } from './base.ts';
import { waitForSsh } from './connect.ts';
import { ensureDisk, imageInfo } from './disk.ts';
import { ensureIdentity, writeCredentials } from './identity.ts';
import { virtualMachinesFolder, vmPaths } from './paths.ts';
import { askStatus, exitOf, findQemu, forgetUnit, type QemuCommand, startQemu, stopQemu } from './process.ts';
import {
  diskFile,
  type QemuRequest,
  qemuArguments,
  scriptArguments,
  scriptEnvironment,
} from './qemu-arguments.ts';
import { hardware, readVmRecord, type VmRecord, withoutSecrets, writeVmRecord } from './record.ts';

/** What is told of a machine while something is done to it. */
export interface VmProgress {
  signal?: AbortSignal;
  status?(message: string): void;
  info?(message: string): void;
  warn?(message: string): void;
}

/** A machine as it is. */
export interface VirtualMachine extends VmRecord {
  running: boolean;
  /** What QEMU says of it, or `off`. */
  status: string;
  pid?: number;
  startedAt?: string;
  /** Exit code of its QEMU, where it ended. */
  exitCode?: number;
}

/**
 * Makes a machine where there is none, and starts it where it is off, or with other hardware than asked for. Ends when its
 * sshd answers, where a port leads there.
 *
 * @throws FleetError `vm-failed`, `host-key`, `cancelled`
 */
export async function ensureVm(
  inputs: VirtualMachineInputs,
  progress: VmProgress = {},
  { restart = false }: { restart?: boolean } = {},
): Promise<VirtualMachine> {
  const { stack, name } = inputs;
  const before = await readVmRecord(stack, name);
  const same =
    before !== undefined && isDeepStrictEqual(hardware(before.inputs), hardware(withoutSecrets(inputs)));
  const healthy = (await findQemu(stack, name)) && !isBroken(await askStatus(stack, name));
  let record: VmRecord;
  if (before && same && healthy && !restart) {
    record = { ...before, inputs: withoutSecrets(inputs), identityFile: await ensureIdentity(inputs) };
    await writeVmRecord(record);
  } else {
    await shutDown(stack, name, inputs.stopTimeoutSeconds, progress);
    record = await start(inputs, before, progress);
  }
  progress.status?.(sshForward(inputs) ? 'waiting for ssh' : 'started');
  record = await waitForSsh(record, progress.signal);
  await writeVmRecord(record);
  return describe(record);
}

/** The machine as it is, or undefined if there is none. */
export async function readVm(stack: string, name: string): Promise<VirtualMachine | undefined> {
  const record = await readVmRecord(stack, name);
  return record && (await describe(record));
}

/** Shuts a machine down; its disks stay. */
async function shutDown(
  stack: string,
  name: string,
  seconds: number,
  progress: VmProgress = {},
): Promise<void> {
  if (!(await findQemu(stack, name))) return;
  progress.status?.('shutting down');
  const { signal } = progress;
  const onForce = () => progress.warn?.(`${name} did not shut down within ${seconds} s: it is switched off`);
  await stopQemu(stack, name, seconds, { signal, onForce });
}

/** Shuts a machine down and removes all of it: process, disks and files. */
export async function deleteVm(
  stack: string,
  name: string,
  seconds: number,
  progress: VmProgress = {},
): Promise<void> {
  await shutDown(stack, name, seconds, progress);
  await forgetUnit(stack, name);
  const { folder, record } = vmPaths(stack, name);
  // The record first: a machine half removed is none.
  await rm(record, { force: true });
  await rm(folder, { recursive: true, force: true });
  // The folders above it when this was the last one, and nothing else is in them.
  const above = [
    virtualMachinesFolder(stack),
    dirname(virtualMachinesFolder(stack)),
    dirname(dirname(virtualMachinesFolder(stack))),
  ];
  for (const empty of above) await rmdir(empty).catch(() => undefined);
}

async function start(
  inputs: VirtualMachineInputs,
  before: VmRecord | undefined,
  { signal, status, info }: VmProgress,
): Promise<VmRecord> {
  const { stack, name, image } = inputs;
  const paths = vmPaths(stack, name);
  const { data, firmware } = await ensureVmBase();
  const { accelerator, why } = await chooseAcceleration(inputs.acceleration, name);
  await mkdir(paths.folder, { recursive: true, mode: 0o700 });
  status?.('making its disks');
  const uefi = !inputs.system && (inputs.firmware ?? (image && !inputs.kernel ? 'uefi' : 'bios')) === 'uefi';
  if (uefi && !(await exists(paths.variables))) await copyFile(firmware.variables, paths.variables);
  const options = { host: name, signal };
  if (image) await ensureDisk({ file: paths.rootDisk, image, ...inputs.rootDisk, ...options });
  for (const [disk, { sizeMiB }] of Object.entries(inputs.disks)) {
    await ensureDisk({ file: diskFile(paths, disk), sizeMiB, ...options });
  }
  const identityFile = await ensureIdentity(inputs);
  const credentials = await writeCredentials(inputs, identityFile);
  const request: QemuRequest = {
    inputs,
    paths,
    accelerator,
    data,
    firmware: uefi ? firmware.code : undefined,
    credentials,
  };
  const plain = { inputs: withoutSecrets(inputs), identityFile, accelerator };
  // Without a disk of its own a machine is another one at each start.
  const fromDisk = image || inputs.system || (!inputs.kernel && !before?.inputs.kernel);
  const record = fromDisk ? { ...before, ...plain } : plain;
  // Also of a machine that does not start: what was made of it can be removed.
  await writeVmRecord(record);
  status?.('starting');
  try {
    await startQemu(stack, name, await commandOf(request));
    await keepFromGarbage(inputs);
  } finally {
    // QEMU has read them.
    await rm(paths.credentials, { recursive: true, force: true });
  }
  if (accelerator === 'tcg') info?.(`${name} runs without KVM, which is slow: ${why}`);
  if (inputs.gdb) {
    const { port, wait } = inputs.gdb;
    info?.(`${name}: GDB attaches at 127.0.0.1:${port}${wait ? '; the machine waits for it' : ''}`);
  }
  return record;
}

async function commandOf(request: QemuRequest): Promise<QemuCommand> {
  const { system, name, kernel } = request.inputs;
  const { tools } = await ensureVmBase();
  if (!system) {
    return { command: tools['qemu-system-x86_64'], args: qemuArguments(request), env: {} };
  }
  const bin = join(system, 'bin');
  const scripts = await readdir(bin).catch(() => [] as string[]);
  const script = scripts.find((file) => /^run-.*-vm$/.test(file));
  if (!script) {
    throw new FleetError({
      code: 'vm-failed',
      host: name,
      what: `${system} is no built config.system.build.vm`,
      why: `there is no script run-<name>-vm in ${bin}`,
      fix: 'Set system to the output of nix build …config.system.build.vm',
    });
  }
  if (kernel) await access(kernel);
  // A script need not bring a QEMU of its own.
  const PATH = [dirname(tools['qemu-system-x86_64']), process.env.PATH].join(':');
  const env = { ...scriptEnvironment(request), PATH };
  return { command: join(bin, script), args: scriptArguments(request), env };
}

/** What of the Nix store the machine runs from, and what its disk rests on, stays there while the machine is there. */
async function keepFromGarbage({ stack, name, system, kernel, initrd }: VirtualMachineInputs): Promise<void> {
  const { roots, rootDisk } = vmPaths(stack, name);
  const backing = (await exists(rootDisk))
    ? (await imageInfo(rootDisk, name))['full-backing-filename']
    : undefined;
  const inStore = [backing, system, kernel, initrd].flatMap(
    (path) => /^\/nix\/store\/[^/]+/.exec(path ?? '')?.[0] ?? [],
  );
  for (const path of inStore) await addRoot(join(roots, basename(path)), path);
  const kept = new Set(inStore.map((path) => basename(path)));
  const links = await readdir(roots).catch(() => [] as string[]);
  for (const link of links.filter((each) => !kept.has(each))) await rm(join(roots, link), { force: true });
}

async function describe(record: VmRecord): Promise<VirtualMachine> {
  const { stack, name } = record.inputs;
  const found = await findQemu(stack, name);
  if (!found) return { ...record, running: false, status: 'off', exitCode: await exitOf(stack, name) };
  const status = (await askStatus(stack, name)) ?? 'unknown';
  return { ...record, ...found, status, running: !isBroken(status) };
}

/** A machine that will not go on by itself, though its QEMU is there. */
function isBroken(status: string | undefined): boolean {
  return ['guest-panicked', 'internal-error', 'io-error', 'shutdown'].includes(status ?? '');
}
