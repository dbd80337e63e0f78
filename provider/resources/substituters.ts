import {
  notInForce,
  type SubstitutersAnswer,
  workOnSubstituters,
} from '../../lib/caches/substituters-file.ts';
import { FleetError } from '../../lib/errors.ts';
import { wrongMachine } from '../../lib/machine/guard.ts';
import {
  type SubstitutersInputs,
  type SubstitutersState,
  substitutersFile,
  substitutersInputs,
  substitutersState,
} from '../../schema/substituters.ts';
import { moved } from '../deployment-diff.ts';
import { changesFrom, leafDiff } from '../diff.ts';
import type { Context, Resource } from '../resource.ts';

/** The binary caches of one machine. Its id is the machine's machine-id. */
export const substituters: Resource<SubstitutersInputs, SubstitutersState> = {
  token: 'nixos:index:Substituters',
  description:
    'The binary caches that one machine asks, in their order, and the keys it trusts: a file that its nix.conf includes.',
  inputs: substitutersInputs,
  state: substitutersState,

  diff(recorded, asked) {
    const file = ({ caches, connectTimeoutSeconds }: SubstitutersInputs) => ({
      caches,
      connectTimeoutSeconds,
    });
    return changesFrom({
      ...(asked.machineId === undefined
        ? {}
        : leafDiff(recorded.id, asked.machineId, { at: ['machineId'], replace: true })),
      ...moved(recorded.inputs, asked),
      ...leafDiff(file(recorded.inputs), file(asked)),
      ...leafDiff(recorded.state.content, 'in-place', { at: ['content'], inputDiff: false }),
    });
  },

  preview(asked) {
    return { ...asked, content: 'in-place' };
  },

  async create(inputs, context) {
    const { machineId } = await write(inputs, inputs.machineId, context);
    return { id: machineId, state: { ...inputs, content: 'in-place' } };
  },

  async read(id, recorded, context) {
    if (!recorded) throw noImport(context.name);
    const { inputs } = recorded;
    const answer = await workOnSubstituters('read', inputs, id, context.signal).catch((error: unknown) => {
      if (error instanceof FleetError && error.code !== 'cancelled') return error;
      throw error;
    });
    if (answer instanceof FleetError) return { id, ...recorded, unhealthy: answer.message };
    if (answer.machineId !== id) {
      return {
        id,
        ...recorded,
        unhealthy: wrongMachine(inputs.host, id, answer.machineId, context.urn).message,
      };
    }
    return { id, inputs, state: { ...inputs, content: answer.content ?? 'absent' } };
  },

  async update(recorded, asked, context) {
    await write(asked, recorded.id, context);
    return { ...asked, content: 'in-place' };
  },

  async delete({ id, inputs }, context) {
    const { machineId } = await workOnSubstituters('remove', inputs, id, context.signal);
    if (machineId === id) return;
    context.log(
      'warning',
      `${inputs.host} is another machine now (${machineId}): its caches were left as they are`,
    );
  },
};

async function write(
  inputs: SubstitutersInputs,
  expected: string | undefined,
  context: Context,
): Promise<SubstitutersAnswer> {
  const answer = await workOnSubstituters('write', inputs, expected, context.signal);
  if (expected && answer.machineId !== expected) {
    throw wrongMachine(inputs.host, expected, answer.machineId, context.urn);
  }
  const idle = notInForce(inputs, answer.settings);
  if (idle.length > 0) {
    context.log(
      'info',
      `${inputs.host}: its nix.conf does not include ${substitutersFile} yet, so ${idle.join(', ')} is not asked; the module nix-settings includes it`,
    );
  }
  return answer;
}

function noImport(name: string): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `the caches of ${name} cannot be imported`,
    why: 'a file of settings does not tell which cache is which',
    mend: 'Declare them: where the machine’s file says the same already, up leaves it as it is.',
  });
}
