import { access, copyFile, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { sshForward, type VirtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { FleetError } from '../../base/errors.ts';
import { exists } from '../../base/files.ts';
import { addRoot } from '../../store/nix/roots.ts';
import { chooseAcceleration } from './acceleration.ts';
import { ensureVmBase } from './base.ts';
import { waitForSsh } from './connect.ts';
import { ensureDisk, imageInfo } from './disk.ts';
import { ensureIdentity, writeCredentials } from './identity.ts';
import { virtualMachinesFolder, vmPaths } from './paths.ts';
import {
  exitCodeOf,
  findQemu,
  type QemuCommand,
  readStatus,
  resetUnit,
  startQemu,
  stopQemu,
} from './process.ts';
import {
  diskFile,
  type QemuRequest,
  qemuArguments,
  scriptArguments,
  scriptEnvironment,
} from './qemu-arguments.ts';
import { hardware, readVmRecord, type VmRecord, withoutSecrets, writeVmRecord } from './record.ts';

/** Progress callbacks of an operation on a machine. */
export interface VmProgress {
  signal?: AbortSignal;
  status?(message: string): void;
  info?(message: string): void;
  warn?(message: string): void;
}

/** Current state of a machine. */
export interface VirtualMachine extends VmRecord {
  running: boolean;
  /** Run state that QEMU reports, or `off`. */
  status: string;
  pid?: number;
  startedAt?: string;
  /** Exit code of its QEMU, if it exited. */
  exitCode?: number;
}

/**
 * Creates a machine if there is none, and (re)starts it if it is off or its hardware changed. Returns once its sshd answers, if
 * a port is forwarded to it.
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
  const healthy = (await findQemu(stack, name)) && !isBroken(await readStatus(stack, name));
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

/** The machine’s current state, or undefined if it does not exist. */
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
  const onForce = () => progress.warn?.(`${name} did not shut down within ${seconds} s: powering it off`);
  await stopQemu(stack, name, seconds, { signal, onForce });
}

/** Shuts a machine down and removes its process, disks and files. */
export async function deleteVm(
  stack: string,
  name: string,
  seconds: number,
  progress: VmProgress = {},
): Promise<void> {
  await shutDown(stack, name, seconds, progress);
  await resetUnit(stack, name);
  const { folder, record } = vmPaths(stack, name);
  // The record first: a half-removed machine then counts as missing.
  await rm(record, { force: true });
  await rm(folder, { recursive: true, force: true });
  // The parent folders too, if they are empty now.
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
  status?.('creating its disks');
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
  // Without a disk of its own, a machine has a new identity at each start.
  const fromDisk = image || inputs.system || (!inputs.kernel && !before?.inputs.kernel);
  const record = fromDisk ? { ...before, ...plain } : plain;
  // Also if the machine does not start, so that it can be removed.
  await writeVmRecord(record);
  status?.('starting');
  try {
    await startQemu(stack, name, await commandOf(request));
    await addRoots(inputs);
  } finally {
    // QEMU has read the credentials.
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
      what: `${system} is not a built config.system.build.vm`,
      why: `${bin} has no script run-<name>-vm`,
      fix: 'Set system to the output of nix build …config.system.build.vm',
    });
  }
  if (kernel) await access(kernel);
  // The script may not include its own QEMU.
  const PATH = [dirname(tools['qemu-system-x86_64']), process.env.PATH].join(':');
  const env = { ...scriptEnvironment(request), PATH };
  return { command: join(bin, script), args: scriptArguments(request), env };
}

/** Protects store paths that the machine runs from, and its disk's backing image, from garbage collection. */
async function addRoots({ stack, name, system, kernel, initrd }: VirtualMachineInputs): Promise<void> {
  const { roots, rootDisk } = vmPaths(stack, name);
  const backing = (await exists(rootDisk))
    ? (await imageInfo(rootDisk, name))['full-backing-filename']
    : undefined;
  const inStore = [backing, system, kernel, initrd].flatMap(
    (path) => /^\/nix\/store\/[^/]+/.exec(path ?? '')?.[0] ?? [],
  );
  for (const path of inStore) await addRoot({ link: join(roots, basename(path)), path });
  const kept = new Set(inStore.map((path) => basename(path)));
  const links = await readdir(roots).catch(() => [] as string[]);
  for (const link of links.filter((each) => !kept.has(each))) await rm(join(roots, link), { force: true });
}

async function describe(record: VmRecord): Promise<VirtualMachine> {
  const { stack, name } = record.inputs;
  const found = await findQemu(stack, name);
  if (!found) return { ...record, running: false, status: 'off', exitCode: await exitCodeOf(stack, name) };
  const status = (await readStatus(stack, name)) ?? 'unknown';
  return { ...record, ...found, status, running: !isBroken(status) };
}

/** Whether a machine has stopped for good although its QEMU runs. */
function isBroken(status: string | undefined): boolean {
  return ['guest-panicked', 'internal-error', 'io-error', 'shutdown'].includes(status ?? '');
}
