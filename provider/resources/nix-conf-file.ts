import { FleetError, isFailure } from '../../lib/base/errors.ts';
import { wrongMachine } from '../../lib/machine/guard.ts';
import type { NixConfReport } from '../../lib/machine/nix-conf/nix-conf-file.ts';
import type { Machine } from '../../lib/machine/ssh/machine.ts';
import { machineOf } from '../../lib/machine/ssh/machine-at.ts';
import type { Connection } from '../../schema/connection.ts';
import { changesFrom, leafDiff } from '../diff.ts';
import type { Context, Resource } from '../resource.ts';
import { connectionDiff } from './connection-diff.ts';
import { cannotImport } from './import-error.ts';

interface FileInputs {
  host: string;
  connection: Connection;
  machineId?: string | undefined;
}

interface FileState {
  content: 'in-place' | 'changed' | 'absent';
}

export interface NixConfResource<Inputs, State, Answer>
  extends Pick<Resource<Inputs, State>, 'token' | 'description' | 'inputs' | 'state'> {
  /** Its content in messages: 'caches'. */
  noun: string;
  /** Inputs that decide the file's content. */
  decisive: readonly (keyof Inputs & string)[];
  work(
    machine: Machine,
    action: 'write' | 'read' | 'remove',
    inputs: NoInfer<Inputs>,
    machineId: string | undefined,
    signal?: AbortSignal,
  ): Promise<Answer>;
  /** Reports what the machine answered once the file was written. */
  written(inputs: Inputs, answer: Answer, context: Context): void;
}

/** A resource that is one file on one machine, which its nix.conf includes. Its id is the machine's machine-id. */
export function nixConfResource<
  Inputs extends FileInputs,
  State extends Inputs & FileState,
  Answer extends NixConfReport,
>(kind: NixConfResource<Inputs, State, Answer>): Resource<Inputs, State> {
  const { token, description, inputs, state, noun, decisive, written } = kind;
  const work = (
    action: 'write' | 'read' | 'remove',
    inputs: NoInfer<Inputs>,
    machineId?: string,
    signal?: AbortSignal,
  ) => kind.work(machineOf(inputs), action, inputs, machineId, signal);
  const withContent = (inputs: Inputs, content: FileState['content']) => ({ ...inputs, content }) as State;
  const write = async (desired: Inputs, expected: string | undefined, context: Context) => {
    const answer = await work('write', desired, expected, context.signal);
    if (expected && answer.machineId !== expected) {
      throw wrongMachine(desired.host, expected, answer.machineId, context.urn);
    }
    written(desired, answer, context);
    return answer;
  };
  return {
    token,
    description,
    inputs,
    state,

    diff(recorded, desired) {
      const file = (of: Inputs) => Object.fromEntries(decisive.map((name) => [name, of[name]]));
      return changesFrom({
        ...(desired.machineId === undefined
          ? {}
          : leafDiff(recorded.id, desired.machineId, { at: ['machineId'], replace: true })),
        ...connectionDiff(recorded.inputs, desired),
        ...leafDiff(file(recorded.inputs), file(desired)),
        ...leafDiff(recorded.state.content, 'in-place', { at: ['content'], inputDiff: false }),
      });
    },

    preview(desired) {
      return withContent(desired, 'in-place');
    },

    async create(desired, context) {
      const { machineId } = await write(desired, desired.machineId, context);
      return { id: machineId, state: withContent(desired, 'in-place') };
    },

    async read(id, recorded, context) {
      if (!recorded)
        throw cannotImport(
          `the ${noun} of ${context.name}`,
          'the file on the machine does not hold their names',
          'Declare them: where the machine’s file holds the same, up leaves it as it is.',
        );
      const answer = await work('read', recorded.inputs, id, context.signal).catch((error: unknown) => {
        if (isFailure(error)) return error;
        throw error;
      });
      const { inputs } = recorded;
      const unhealthy = (error: FleetError) => ({ id, ...recorded, unhealthy: error.message });
      if (answer instanceof FleetError) return unhealthy(answer);
      if (answer.machineId !== id) {
        return unhealthy(wrongMachine(inputs.host, id, answer.machineId, context.urn));
      }
      return { id, inputs, state: withContent(inputs, answer.content ?? 'absent') };
    },

    async update(recorded, desired, context) {
      await write(desired, recorded.id, context);
      return withContent(desired, 'in-place');
    },

    async delete({ id, inputs }, context) {
      const { machineId } = await work('remove', inputs, id, context.signal);
      if (machineId === id) return;
      context.log(
        'warning',
        `${inputs.host} is another machine now (${machineId}): its ${noun} were left as they are`,
      );
    },
  };
}
