import { join } from 'node:path';
import { FleetError } from '../../../lib/base/errors.ts';
import {
  deleteMachine,
  ensureMachine,
  type LabMachine,
  readLabMachine,
} from '../../../lib/local/lab/machine.ts';
import { bridgeName, machinePaths } from '../../../lib/local/lab/paths.ts';
import {
  type LabMachineInputs,
  type LabMachineState,
  labMachineInputs,
  labMachineState,
} from '../../../schema/lab-machine.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Context, Resource } from '../../resource.ts';
import { buildAndKeep } from '../../store/store-build.ts';

/** A machine of a lab. Its id is LAB/NAME. */
export const labMachine: Resource<LabMachineInputs, LabMachineState> = {
  token: 'nixos:index:LabMachine',
  description:
    'A machine on this computer to try everything on: a systemd-nspawn container with its own systemd, sshd, Nix and store.',
  inputs: labMachineInputs,
  state: labMachineState,

  diff(recorded, desired) {
    const identity = ({ lab, name }: LabMachineInputs) => ({ lab, name });
    // Neither `base` nor `system`: machines keep what they were made from.
    const place = ({ address, bridge }: LabMachineInputs) => ({ address, bridge });
    return changesFrom(
      {
        ...leafDiff(identity(recorded.inputs), identity(desired), { replace: true }),
        ...leafDiff(place(recorded.inputs), place(desired)),
        ...leafDiff(recorded.state.running, true, { at: ['running'], inputDiff: false }),
      },
      { deleteBeforeReplace: true },
    );
  },

  preview(desired, recorded) {
    if (!recorded || recorded.inputs.lab !== desired.lab || recorded.inputs.name !== desired.name) {
      return { ...desired, running: true };
    }
    const { hostKey, machineId, root, console } = recorded.state;
    return { ...desired, hostKey, machineId, root, console, running: true };
  },

  async create(inputs, context) {
    const machine = await ensure(inputs, context);
    return { id: `${inputs.lab}/${inputs.name}`, state: stateOf(inputs, machine) };
  },

  async read(id, recorded) {
    const [lab, name] = recorded ? [recorded.inputs.lab, recorded.inputs.name] : partsOf(id);
    const machine = await readLabMachine(lab, name);
    if (!machine) return undefined;
    const { address, base, system } = machine;
    const inputs = { bridge: bridgeName(lab), ...recorded?.inputs, lab, name, address, base, system };
    return { id, inputs, state: stateOf(inputs, machine) };
  },

  async update(_recorded, desired, context) {
    return stateOf(desired, await ensure(desired, context));
  },

  async delete(recorded, context) {
    context.status('shutting down');
    await deleteMachine(recorded.inputs.lab, recorded.inputs.name);
  },
};

/** Builds the system of a machine that has to be made, and starts the machine. */
async function ensure(inputs: LabMachineInputs, context: Context): Promise<LabMachine> {
  const { lab, name, system } = inputs;
  if (system && !(await readLabMachine(lab, name))) {
    // Removed with the machine.
    const gcRoot = join(machinePaths(lab, name).folder, 'system');
    await buildAndKeep({ ...system, gcRoot, host: name }, context);
  }
  context.status('starting');
  return await ensureMachine(inputs, context.signal);
}

function partsOf(id: string): [lab: string, name: string] {
  const [lab, name, ...rest] = id.split('/');
  const { success } = labMachineInputs.pick({ lab: true, name: true }).safeParse({ lab, name });
  if (lab && name && success && rest.length === 0) return [lab, name];
  throw new FleetError({
    code: 'lab-failed',
    what: `'${id}' does not name a machine of a lab`,
    fix: 'Import a lab machine by LAB/NAME, such as dev/web.',
  });
}

function stateOf(inputs: LabMachineInputs, machine: LabMachine): LabMachineState {
  const { hostKey, machineId, running, pid, startedAt, root, console } = machine;
  return { ...inputs, hostKey, machineId, running, pid, startedAt, root, console };
}
