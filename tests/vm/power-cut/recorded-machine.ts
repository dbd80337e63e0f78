/** A virtual machine whose writes to its disk and to the firmware's variables are recorded in their order. */
import { type FSWatcher, mkdirSync, readFileSync, statSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../lib/base/process/run.ts';
import { convertToRaw, ensureDisk } from '../../../lib/local/vm/disk.ts';
import { deleteVm, ensureVm } from '../../../lib/local/vm/machine.ts';
import { vmPaths } from '../../../lib/local/vm/paths.ts';
import type { Machine } from '../../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../../lib/machine/ssh/machine-at.ts';
import { connection } from '../../../schema/connection.ts';
import { virtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { Replay, rootStart } from './disk-log.ts';

export interface Place {
  stack: string;
  name: string;
  port: number;
}

/** The firmware's variables since a size of the log. */
interface Variables {
  since: number;
  content: Buffer;
}

const inputsOf = ({ stack, name, port }: Place, qemuOptions: string[]) =>
  virtualMachineInputs.parse({
    stack,
    name,
    firmware: 'uefi',
    memoryMiB: 768,
    cores: 2,
    forwardPorts: { ssh: { host: port, guest: 22 } },
    startTimeoutSeconds: 900,
    qemuOptions,
  });

/** Starts a machine from a disk, with variables if there are any, and its options for that disk. */
async function start(place: Place, options: string[], variables?: Buffer): Promise<Machine> {
  const { folder, variables: file } = vmPaths(place.stack, place.name);
  mkdirSync(folder, { recursive: true });
  if (variables) writeFileSync(file, variables);
  const device = ['-device', 'virtio-blk-pci,drive=disk,serial=root,bootindex=1'];
  const { hostKey, identityFile } = await ensureVm(inputsOf(place, [...options, ...device]));
  const to = { address: '127.0.0.1', port: place.port, hostKey, identityFile, connectTimeoutSeconds: 60 };
  return machineAt(place.name, connection.parse(to));
}

export class RecordedMachine {
  readonly machine: Machine;
  /** The disk as it was before the machine started, raw, and its root partition; and the log of what was written since. */
  readonly files: { disk: string; root: string; log: string };
  readonly #variables: readonly Variables[];
  readonly #watcher: FSWatcher;
  readonly #place: Place;

  private constructor(
    place: Place,
    recording: {
      machine: Machine;
      files: { disk: string; root: string; log: string };
      variables: readonly Variables[];
      watcher: FSWatcher;
    },
  ) {
    this.#place = place;
    this.machine = recording.machine;
    this.files = recording.files;
    this.#variables = recording.variables;
    this.#watcher = recording.watcher;
  }

  /** Starts a machine from an image, and records it. */
  static async start(place: Place, image: string, folder: string): Promise<RecordedMachine> {
    const file = (name: string) => join(folder, `${place.name}-${name}`);
    const [own, disk, root, log] = [file('disk.qcow2'), file('disk.raw'), file('root.raw'), file('log')];
    await ensureDisk({ file: own, image, from: 'backing', host: place.name });
    await convertToRaw(image, disk, place.name);
    const skip = ['bs=1M', `skip=${rootStart >> 20}`, 'conv=sparse', 'status=none'];
    await run('dd', [`if=${disk}`, `of=${root}`, ...skip], { timeoutSeconds: 600 });
    writeFileSync(log, '');
    const node = `driver=blklogwrites,node-name=disk,file.driver=qcow2,file.file.driver=file,file.file.filename=${own},log.driver=file,log.filename=${log}`;
    const machine = await start(place, ['-blockdev', node]);
    const { variables: path } = vmPaths(place.stack, place.name);
    const variables: Variables[] = [];
    const look = () => {
      const since = statSync(log).size;
      const content = readFileSync(path);
      if (!variables.at(-1)?.content.equals(content)) variables.push({ since, content });
    };
    look();
    return new RecordedMachine(place, {
      machine,
      files: { disk, root, log },
      variables,
      watcher: watch(path, look),
    });
  }

  /** A copy of the disk as it was before the machine started, to go forward from. */
  async copy(name: string): Promise<{ disk: string; root: string; replay: Replay }> {
    const { log, ...before } = this.files;
    const [disk, root] = [`${before.disk}-${name}`, `${before.root}-${name}`];
    for (const [from, to] of [
      [before.disk, disk],
      [before.root, root],
    ] as const)
      await run('cp', ['--sparse=always', from, to], { timeoutSeconds: 600 });
    return { disk, root, replay: new Replay({ disk, root, log, size: this.now() }) };
  }

  /** Size of the log now: everything before was written. */
  now(): number {
    return statSync(this.files.log).size;
  }

  /** The firmware's variables when the log had a size. */
  variablesAt(size: number): Buffer {
    const found = this.#variables.findLast(({ since }) => since <= size) ?? this.#variables[0];
    if (!found) throw new Error('no variables were recorded');
    return found.content;
  }

  async remove(): Promise<void> {
    this.#watcher.close();
    await this.machine.close();
    await deleteVm(this.#place.stack, this.#place.name, 1);
  }
}

/** Starts a machine with a disk and variables as a power cut left them. */
export async function startAfterCut(place: Place, disk: string, variables: Buffer): Promise<Machine> {
  const own = `${disk}.qcow2`;
  await ensureDisk({ file: own, image: disk, from: 'backing', host: place.name });
  const node = `driver=qcow2,node-name=disk,file.driver=file,file.filename=${own}`;
  return await start(place, ['-blockdev', node], variables);
}
