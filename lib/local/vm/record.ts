import { z } from 'zod';
import { type VirtualMachineInputs, virtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { readJson, writeJson } from '../../base/files.ts';
import { vmPaths } from './paths.ts';

/** Inputs without secrets, as they may lie in a file. */
const plainInputs = virtualMachineInputs.omit({ credentials: true });
export type PlainInputs = z.infer<typeof plainInputs>;

/** What is kept of a machine beside its disks. */
const vmRecord = z.object({
  /** What it was last started with. */
  inputs: plainInputs,
  /** Private key file to log in with. */
  identityFile: z.string(),
  accelerator: z.enum(['kvm', 'tcg']),
  /** Public ssh host key: read when it first answered. */
  hostKey: z.string().optional(),
  machineId: z.string().optional(),
});
export type VmRecord = z.infer<typeof vmRecord>;

export function readVmRecord(stack: string, name: string): Promise<VmRecord | undefined> {
  return readJson(vmPaths(stack, name).record, vmRecord);
}

export function writeVmRecord(record: VmRecord): Promise<void> {
  return writeJson(vmPaths(record.inputs.stack, record.inputs.name).record, record);
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
