import { readFile, rename, writeFile } from 'node:fs/promises';
import type { VirtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { undefinedIfMissing } from '../lab/network.ts';
import { vmPaths } from './paths.ts';

/** Inputs without secrets, as they may lie in a file. */
export type PlainInputs = Omit<VirtualMachineInputs, 'credentials'>;

/** What is kept of a machine beside its disks. */
export interface VmRecord {
  /** What it was last started with. */
  inputs: PlainInputs;
  /** Private key file to log in with. */
  identityFile: string;
  accelerator: 'kvm' | 'tcg';
  /** Public ssh host key: read when it first answered. */
  hostKey?: string;
  machineId?: string;
}

export async function readRecord(stack: string, name: string): Promise<VmRecord | undefined> {
  const text = await readFile(vmPaths(stack, name).record, 'utf8').catch(undefinedIfMissing);
  return text === undefined ? undefined : JSON.parse(text);
}

export async function writeRecord(record: VmRecord): Promise<void> {
  const { record: file } = vmPaths(record.inputs.stack, record.inputs.name);
  await writeFile(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export function withoutSecrets({ credentials: _, ...inputs }: VirtualMachineInputs): PlainInputs {
  return inputs;
}

/** The inputs that a running machine takes no notice of, or not before it is made anew. */
const takenWithoutRestart = [
  'stack',
  'name',
  'onImageChange',
  'user',
  'identityFile',
  'startTimeoutSeconds',
  'stopTimeoutSeconds',
] as const satisfies (keyof VirtualMachineInputs)[];

/** Those of the inputs that a machine has from its start to its end: another value means a restart. Pure. */
export function hardware(inputs: Partial<VirtualMachineInputs>): Record<string, unknown> {
  const { rootDisk, image, ...rest } = inputs;
  const kept = Object.entries(rest).filter(
    ([key]) => !(takenWithoutRestart as readonly string[]).includes(key),
  );
  // Of the root disk, which is there already, the size alone; whether there is an image, and not which.
  return { ...Object.fromEntries(kept), rootDiskMiB: rootDisk?.sizeMiB, image: image !== undefined };
}
