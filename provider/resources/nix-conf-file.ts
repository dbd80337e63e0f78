import { FleetError, isFailure } from '../../lib/base/errors.ts';
import { wrongMachine } from '../../lib/machine/guard.ts';
import type { NixConfReport } from '../../lib/machine/nix-conf/nix-conf-file.ts';
import { keptForOwner, newClaim, type Ownership } from '../../lib/machine/ownership/ownership.ts';
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
  takeOverFrom?: string | undefined;
}

interface FileState {
  content: 'in-place' | 'changed' | 'absent';
  claim?: string | undefined;
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
    ownership: Ownership,
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
    claim: string,
    machineId: string | undefined,
    { urn, signal }: Context,
  ) => {
    const ownership = { claim, urn, takeOverFrom: inputs.takeOverFrom };
    return kind.work(machineOf(inputs), action, inputs, ownership, machineId, signal);
  };
  const withContent = (inputs: Inputs, content: FileState['content'], claim?: string) =>
    ({ ...inputs, content, claim }) as State;
  const write = async (desired: Inputs, claim: string, expected: string | undefined, context: Context) => {
    const answer = await work('write', desired, claim, expected, context);
    if (expected && answer.machineId !== expected) {
      throw wrongMachine(desired.host, expected, answer.machineId, context.urn);
    }
    written(desired, answer, context);
    return { id: answer.machineId, state: withContent(desired, 'in-place', claim) };
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
      return await write(desired, newClaim(), desired.machineId, context);
    },

    async read(id, recorded, context) {
      if (!recorded)
        throw cannotImport(
          `the ${noun} of ${context.name}`,
          'the file on the machine does not hold their names',
          'Declare them: where the machine’s file holds the same, up leaves it as it is.',
        );
      const answer = await work('read', recorded.inputs, '', id, context).catch((error: unknown) => {
        if (isFailure(error)) return error;
        throw error;
      });
      const { inputs } = recorded;
      const unhealthy = (error: FleetError) => ({ id, ...recorded, unhealthy: error.message });
      if (answer instanceof FleetError) return unhealthy(answer);
      if (answer.machineId !== id) {
        return unhealthy(wrongMachine(inputs.host, id, answer.machineId, context.urn));
      }
      return { id, inputs, state: withContent(inputs, answer.content ?? 'absent', recorded.state.claim) };
    },

    async update(recorded, desired, context) {
      return (await write(desired, recorded.state.claim || newClaim(), recorded.id, context)).state;
    },

    async delete({ id, inputs, state }, context) {
      const { machineId, owner } = await work('remove', inputs, state.claim ?? '', id, context);
      if (owner) context.log('info', keptForOwner(inputs.host, `the file of its ${noun}`, owner));
      if (machineId === id) return;
      context.log(
        'warning',
        `${inputs.host} is another machine now (${machineId}): its ${noun} were left as they are`,
      );
    },
  };
}
