import { FleetError, isFailure } from '../../../lib/base/errors.ts';
import { sha256 } from '../../../lib/base/hash.ts';
import { describePlan, describeRefusal } from '../../../lib/machine/hardware/describe-plan.ts';
import { hardwareDiff } from '../../../lib/machine/hardware/hardware-diff.ts';
import {
  readHardwareFile,
  untrackedNote,
  writeHardwareFile,
} from '../../../lib/machine/hardware/hardware-file.ts';
import { type Plan, planWrite } from '../../../lib/machine/hardware/plan-write.ts';
import { readHardware } from '../../../lib/machine/hardware/read-hardware.ts';
import { machineOf } from '../../../lib/machine/ssh/machine-at.ts';
import {
  type HardwareConfigInputs,
  type HardwareConfigState,
  hardwareConfigInputs,
  hardwareConfigState,
} from '../../../schema/hardware-config.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Context, Resource } from '../../resource.ts';
import { cannotImport } from '../import-error.ts';

/** What one machine is made of, in a file of its flake. Its id is the machine's name. */
export const hardwareConfig: Resource<HardwareConfigInputs, HardwareConfigState> = {
  token: 'nixos:index:HardwareConfig',
  description:
    'The detected hardware of a machine, written to a file of its flake on this computer: a NixOS module or a report of nixos-facter.',
  inputs: hardwareConfigInputs,
  state: hardwareConfigState,

  complete(inputs, recorded) {
    const plan = planFor(inputs, recorded);
    const { host, file } = inputs;
    const note = describePlan(plan, host, file);
    const { content: _, pending: __, ...given } = inputs;
    return {
      inputs: {
        ...given,
        ...(plan.content === undefined ? {} : { content: plan.content }),
        pending: plan.action === 'refuse' ? 'nothing' : plan.action,
      },
      notes: note === undefined ? [] : [note],
      ...(plan.action === 'refuse' ? { problems: { file: describeRefusal(plan, host, file) } } : {}),
    };
  },

  diff(recorded, desired) {
    const { host, file, content } = recorded.inputs;
    const update = { kind: 'update', inputDiff: true } as const;
    const { onDisk, machine } = recorded.state;
    const seen = { inputDiff: false } as const;
    return changesFrom({
      ...leafDiff(host, desired.host, { at: ['host'], replace: true }),
      ...leafDiff(file, desired.file, { at: ['file'] }),
      ...(isWritten(desired) ? { [content === desired.content ? 'pending' : 'content']: update } : {}),
      ...(onDisk === 'edited' && !isTheirs(desired)
        ? leafDiff(onDisk, 'as-written', { at: ['onDisk'], ...seen })
        : {}),
      ...leafDiff(machine, 'as-written', { at: ['machine'], ...seen }),
    });
  },

  preview({ content, pending, ...desired }, recorded) {
    if (pending === 'nothing' && recorded) return { ...recorded.state, ...desired };
    const onDisk = isTheirs({ pending }) ? 'edited' : content === undefined ? 'none' : 'as-written';
    return { ...desired, onDisk, machine: 'as-written' };
  },

  async create(inputs, context) {
    return { id: inputs.host, state: await apply(inputs, undefined, context) };
  },

  async read(id, recorded, context) {
    if (!recorded)
      throw cannotImport(
        `the hardware configuration of ${context.name}`,
        'a file does not name the machine that it was written from',
        'Declare it: a file that matches the machine’s hardware is left as it is.',
      );
    const { inputs, state } = recorded;
    const onDisk = readHardwareFile(inputs);
    if (onDisk === undefined && inputs.content !== undefined) return undefined;
    const machine = await askAgain(inputs, state.machine, context);
    return { id, inputs, state: { ...stateOf(inputs, onDisk), machine } };
  },

  async update(recorded, desired, context) {
    const { file } = recorded.inputs;
    const state = await apply(desired, recorded.inputs, context);
    if (recorded.state.machine === 'changed' && !isWritten(desired))
      state.machine = await askAgain(desired, 'changed', context);
    if (file !== desired.file)
      context.log('info', `${file} is left where it is: remove it if nothing names it`);
    return state;
  },

  async delete({ inputs }, context) {
    if (inputs.content === undefined) return;
    context.log(
      'info',
      `${inputs.file} is left where it is: it is source, and the machine's configuration may name it`,
    );
  },
};

const isWritten = ({ pending }: Pick<HardwareConfigInputs, 'pending'>) =>
  pending === 'write' || pending === 'overwrite';
/** Whether a file stays that is not as it was written. */
const isTheirs = ({ pending }: Pick<HardwareConfigInputs, 'pending'>) =>
  pending === 'leave' || pending === 'keep';

/** What happens to the file. What was written to another file does not count for this one. */
function planFor(inputs: HardwareConfigInputs, recorded: HardwareConfigInputs | undefined): Plan {
  return planWrite({
    generator: inputs.generator,
    onHandEdit: inputs.onHandEdit,
    detected: inputs.content,
    written: recorded?.file === inputs.file ? recorded.content : undefined,
    onDisk: readHardwareFile(inputs),
  });
}

/** Decides again, for the file may have changed since the preview. */
async function apply(
  inputs: HardwareConfigInputs,
  recorded: HardwareConfigInputs | undefined,
  context: Context,
): Promise<HardwareConfigState> {
  const { host, file } = inputs;
  const plan = planFor(inputs, recorded);
  if (plan.action === 'refuse') {
    throw new FleetError({
      code: 'hardware-failed',
      what: `${file} is not overwritten`,
      host,
      why: describeRefusal(plan, host, file),
    });
  }
  if (plan.content === undefined) {
    context.log(
      'info',
      `${host} did not exist when the program ran: the next pulumi up detects its hardware`,
    );
  }
  if (plan.content !== undefined && (plan.action === 'write' || plan.action === 'overwrite')) {
    await writeHardwareFile(inputs, plan.content);
    context.log('info', `${file} was written; the next pulumi up evaluates it`);
    const untracked = await untrackedNote(inputs);
    if (untracked) context.log('warning', untracked);
  }
  return stateOf(inputs, readHardwareFile(inputs));
}

function stateOf(inputs: HardwareConfigInputs, onDisk: string | undefined): HardwareConfigState {
  const { content, pending: _, ...rest } = inputs;
  return {
    ...rest,
    sha256: onDisk === undefined ? '' : sha256(onDisk),
    onDisk: onDisk === undefined ? 'none' : onDisk === content ? 'as-written' : 'edited',
    machine: 'as-written',
  };
}

/** Whether the machine still has the written hardware; the recorded answer, with a warning, where that cannot be detected. */
async function askAgain(
  inputs: HardwareConfigInputs,
  known: HardwareConfigState['machine'],
  context: Context,
): Promise<HardwareConfigState['machine']> {
  const { host, file, content, generator } = inputs;
  if (content === undefined) return known;
  try {
    const detected = await readHardware(machineOf(inputs), inputs, { signal: context.signal });
    const lines = hardwareDiff(content, detected, generator);
    if (lines.length === 0) return 'as-written';
    context.log('warning', [`the hardware of ${host} differs from ${file}:`, ...lines].join('\n  '));
    return 'changed';
  } catch (error) {
    if (!isFailure(error)) throw error;
    context.log('warning', `the hardware of ${host} could not be detected: ${error.why ?? error.message}`);
    return known;
  }
}
