import * as z from 'zod';
import { type VirtualMachineInputs, virtualMachineInputs } from '../../../schema/virtual-machine.ts';
import { readJson, writeJson } from '../../base/files.ts';
import { vmPaths } from './paths.ts';

/** Inputs without secrets, which may be written to a file. */
const plainInputs = virtualMachineInputs.omit({ credentials: true });
export type PlainInputs = z.infer<typeof plainInputs>;

/** Record of a machine, kept beside its disks. */
const vmRecord = z.object({
  /** Inputs of its last start. */
  inputs: plainInputs,
  /** Private key file to log in with. */
  identityFile: z.string(),
  accelerator: z.enum(['kvm', 'tcg']),
  /** Public ssh host key, recorded when it first answered. */
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

/** Inputs that change without a restart, or take effect only on replacement. */
const inputsWithoutRestart = [
  'stack',
  'name',
  'onImageChange',
  'user',
  'identityFile',
  'startTimeoutSeconds',
  'stopTimeoutSeconds',
] as const satisfies (keyof VirtualMachineInputs)[];

/** Inputs that are fixed while a machine runs: another value needs a restart. */
export function hardware(inputs: Partial<VirtualMachineInputs>): Record<string, unknown> {
  const { rootDisk, image, ...rest } = inputs;
  const kept = Object.entries(rest).filter(
    ([key]) => !(inputsWithoutRestart as readonly string[]).includes(key),
  );
  // The root disk exists already: only its size counts, and whether there is an image, not which.
  return { ...Object.fromEntries(kept), rootDiskMiB: rootDisk?.sizeMiB, image: image !== undefined };
}
