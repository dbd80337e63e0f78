import { sameValue } from '../../../lib/base/differences.ts';
import { FleetError } from '../../../lib/base/errors.ts';
import { deleteVm, ensureVm, readVm, type VirtualMachine } from '../../../lib/local/vm/machine.ts';
import { vmPaths } from '../../../lib/local/vm/paths.ts';
import { hardware } from '../../../lib/local/vm/record.ts';
import {
  sshForward,
  type VirtualMachineInputs,
  type VirtualMachineState,
  virtualMachineInputs,
  virtualMachineState,
} from '../../../schema/virtual-machine.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import { type Context, PartialFailure, type Recorded, type Resource } from '../../resource.ts';
import { isUnknown } from '../../wire/unknown.ts';
import { portProblems } from './port-claims.ts';

/** A virtual machine on the operator's computer. Its id is STACK/NAME. */
export const virtualMachine: Resource<VirtualMachineInputs, VirtualMachineState> = {
  token: 'nixos:index:VirtualMachine',
  description:
    'A virtual machine on this computer, in QEMU: from a disk image, from a system as it is, or from a kernel alone.',
  inputs: virtualMachineInputs,
  state: virtualMachineState,
  secretInputs: ['credentials'],

  check(inputs, recorded, operation) {
    return {
      ...sourceProblems(inputs),
      ...shrinkProblems(inputs, recorded),
      ...portProblems(inputs, operation),
    };
  },

  diff(recorded, desired) {
    const identity = ({ stack, name }: VirtualMachineInputs) => ({ stack, name });
    const { stack: _, name: __, image: ___, ...before } = recorded.inputs;
    const { stack: ____, name: _____, image, ...after } = desired;
    const replaced = desired.onImageChange === 'replace';
    const restarts = reasonsToRestart(recorded, desired);
    return changesFrom(
      {
        ...leafDiff(identity(recorded.inputs), identity(desired), { replace: true }),
        ...(replaced ? leafDiff(recorded.inputs.image, image, { at: ['image'], replace: true }) : {}),
        ...leafDiff(before, after),
        ...leafDiff(recorded.state.running, true, { at: ['running'], inputDiff: false }),
      },
      {
        deleteBeforeReplace: true,
        ...(restarts.length > 0
          ? { notes: [`${recorded.inputs.name} is shut down and started again, for: ${restarts.join(', ')}`] }
          : {}),
      },
    );
  },

  preview({ credentials: _, ...desired }, recorded) {
    const forward = isUnknown(desired.forwardPorts) ? undefined : sshForward(desired);
    const known = {
      ...desired,
      running: true,
      ...(forward ? { address: forward.address, port: forward.host } : {}),
    };
    if (!recorded || recorded.inputs.stack !== desired.stack || recorded.inputs.name !== desired.name)
      return known;
    const { hostKey, machineId, identityFile, console, folder } = recorded.state;
    return {
      ...known,
      hostKey,
      machineId,
      identityFile: desired.identityFile ?? identityFile,
      console,
      folder,
    };
  },

  async create(inputs, context) {
    const id = `${inputs.stack}/${inputs.name}`;
    return { id, state: await bringUp(id, inputs, context, false) };
  },

  async read(id, recorded, context) {
    const [stack, name] = recorded ? [recorded.inputs.stack, recorded.inputs.name] : partsOf(id);
    const machine = await readVm(stack, name);
    if (!machine) return undefined;
    if (!machine.running && recorded?.state.running) context.log('warning', endOf(machine));
    const inputs = recorded?.inputs ?? machine.inputs;
    return { id, inputs, state: stateOf(inputs, machine) };
  },

  async update(recorded, desired, context) {
    const restart = !sameValue(recorded.inputs.credentials, desired.credentials);
    return await bringUp(recorded.id, desired, context, restart);
  },

  async delete({ inputs }, context) {
    await deleteVm(inputs.stack, inputs.name, inputs.stopTimeoutSeconds, progressOf(context));
  },
};

/** A machine whose start fails is recorded, too: the next `up` continues with it, and `destroy` removes it. */
async function bringUp(
  id: string,
  inputs: VirtualMachineInputs,
  context: Context,
  restart: boolean,
): Promise<VirtualMachineState> {
  try {
    return stateOf(inputs, await ensureVm(inputs, progressOf(context), { restart }));
  } catch (error) {
    const there = error instanceof Error ? await readVm(inputs.stack, inputs.name) : undefined;
    if (!there) throw error;
    throw new PartialFailure(id, stateOf(inputs, { ...there, running: false }), error as Error);
  }
}

function sourceProblems({
  image,
  system,
  kernel,
  initrd,
  kernelParams,
  disks,
  firmware,
}: VirtualMachineInputs): Record<string, string> {
  // A disk that is filled by other means: `firmware` is set to show that the image was not forgotten.
  const bootsFromDisk = firmware !== undefined && Object.keys(disks).length > 0;
  if (!image && !system && !kernel && !bootsFromDisk)
    return {
      image: 'there must be an image, a system, a kernel, or disks and the firmware that boots from one',
    };
  if (image && system) return { system: 'has a disk of its own: an image cannot be given with it' };
  const problems: Record<string, string> = {};
  if (initrd && !kernel) problems.initrd = 'needs a kernel';
  if (kernelParams.length > 0 && !kernel && !system) problems.kernelParams = 'needs a kernel or a system';
  return problems;
}

function shrinkProblems(
  desired: VirtualMachineInputs,
  recorded?: VirtualMachineInputs,
): Record<string, string> {
  const problems: Record<string, string> = {};
  const shrinks = (before: number | undefined, after: number | undefined) =>
    before !== undefined && after !== undefined && after < before;
  if (!recorded || recorded.stack !== desired.stack || recorded.name !== desired.name) return problems;
  const refuse = (path: string, before: number | undefined) => {
    problems[path] = `a disk cannot shrink; it has ${before} MiB`;
  };
  const root = recorded.rootDisk?.sizeMiB;
  if (shrinks(root, desired.rootDisk.sizeMiB)) refuse('rootDisk.sizeMiB', root);
  for (const [name, { sizeMiB }] of Object.entries(desired.disks)) {
    const before = recorded.disks?.[name]?.sizeMiB;
    if (shrinks(before, sizeMiB)) refuse(`disks.${name}.sizeMiB`, before);
  }
  return problems;
}

/** Inputs for which the machine is restarted, by name. */
function reasonsToRestart(
  recorded: Recorded<VirtualMachineInputs, VirtualMachineState>,
  desired: VirtualMachineInputs,
): string[] {
  if (!recorded.state.running) return [];
  const before = hardware(recorded.inputs);
  const after = hardware(desired);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !sameValue(before[key], after[key]),
  );
}

function endOf({ inputs, status, exitCode }: VirtualMachine): string {
  const { stack, name } = inputs;
  const how = exitCode === undefined ? '' : ` with exit code ${exitCode}`;
  const end = status === 'off' ? `its QEMU ended${how}` : `QEMU reports: ${status}`;
  return `${name} does not run: ${end}; its console is in ${vmPaths(stack, name).console}. The next up starts it.`;
}

function progressOf(context: Context) {
  return {
    signal: context.signal,
    status: (message: string) => context.status(message),
    info: (message: string) => context.log('info', message),
    warn: (message: string) => context.log('warning', message),
  };
}

function partsOf(id: string): [stack: string, name: string] {
  const [stack, name, ...rest] = id.split('/');
  const { success } = virtualMachineInputs.pick({ stack: true, name: true }).safeParse({ stack, name });
  if (stack && name && success && rest.length === 0) return [stack, name];
  throw new FleetError({
    code: 'vm-failed',
    what: `'${id}' does not name a virtual machine`,
    fix: 'Import a virtual machine by STACK/NAME, such as dev/base.',
  });
}

function stateOf(
  { credentials: _, ...inputs }: VirtualMachineInputs,
  machine: VirtualMachine,
): VirtualMachineState {
  const { running, status, pid, startedAt, accelerator, identityFile, hostKey, machineId } = machine;
  const { console, folder } = vmPaths(inputs.stack, inputs.name);
  const forward = sshForward(inputs);
  return {
    ...inputs,
    ...{ running, status, pid, startedAt, accelerator, identityFile, hostKey, machineId, console, folder },
    address: forward?.address ?? '127.0.0.1',
    port: forward?.host,
  };
}
