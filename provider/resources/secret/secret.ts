import { FleetError, hasCode, isFailure } from '../../../lib/base/errors.ts';
import { wrongMachine } from '../../../lib/machine/guard.ts';
import { keptForOwner, newClaim } from '../../../lib/machine/ownership/ownership.ts';
import { isBase64, readSecret, removeSecret, writeSecret } from '../../../lib/machine/secrets/secret-file.ts';
import { machineOf } from '../../../lib/machine/ssh/machine-at.ts';
import { type SecretInputs, type SecretState, secretInputs, secretState } from '../../../schema/secret.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import { type Context, PartialFailure, type Resource } from '../../resource.ts';
import { connectionDiff } from '../connection-diff.ts';
import { cannotImport } from '../import-error.ts';

/** A file on a machine whose content is in no Nix store. Its id is MACHINE-ID:PATH. */
export const secret: Resource<SecretInputs, SecretState> = {
  token: 'nixos:index:Secret',
  description:
    'A file on a machine whose content never enters a Nix store: written with its owner and permissions, removed when it is no longer declared.',
  inputs: secretInputs,
  state: secretState,
  secretInputs: ['value'],

  check(inputs): Record<string, string> {
    if (inputs.encoding === 'text' || isBase64(inputs.value)) return {};
    return { value: 'is not base64' };
  },

  diff(recorded, desired) {
    const place = ({ path }: SecretInputs) => ({ path });
    const file = ({ owner, group, mode, restartUnits, encoding, value }: SecretInputs) => ({
      owner,
      group,
      mode,
      restartUnits,
      encoding,
      value,
    });
    const live = ({ content, restartDue }: SecretState) => ({ content, restartDue });
    const detailed = {
      ...leafDiff(place(recorded.inputs), place(desired), { replace: true }),
      ...(desired.machineId === undefined
        ? {}
        : leafDiff(machineIdOf(recorded.id), desired.machineId, { at: ['machineId'], replace: true })),
      ...connectionDiff(recorded.inputs, desired),
      ...leafDiff(file(recorded.inputs), file(desired)),
      ...leafDiff(live(recorded.state), { content: 'in-place', restartDue: false }, { inputDiff: false }),
    };
    const isNew = recorded.inputs.value !== desired.value || recorded.inputs.encoding !== desired.encoding;
    const notes =
      desired.when === 'before' && isNew
        ? [
            `${desired.path} is written before the deployment: if ${desired.host} rolls back, its previous system runs with the new content`,
          ]
        : [];
    return changesFrom(detailed, { notes });
  },

  preview({ value: _, ...desired }) {
    return { ...desired, content: 'in-place', restartDue: false };
  },

  async create(inputs, context) {
    return await write(inputs, newClaim(), inputs.machineId, context);
  },

  async read(id, recorded, context) {
    if (!recorded)
      throw cannotImport(
        `the secret ${context.name}`,
        'its value is on the machine alone, and is never read from there',
        'Declare it with its value: where the file holds that, up leaves it as it is.',
      );
    const { inputs } = recorded;
    const reading = await readSecret(machineOf(inputs), inputs, context.signal).catch((error: unknown) => {
      if (isFailure(error)) return error;
      throw error;
    });
    if (reading instanceof FleetError) return { id, ...recorded, unhealthy: reading.message };
    if (reading.machineId !== machineIdOf(id)) {
      const { message } = wrongMachine(inputs.host, machineIdOf(id), reading.machineId, context.urn);
      return { id, ...recorded, unhealthy: message };
    }
    if (!reading.file) return undefined;
    const { owner, group, mode, content, restartDue } = reading.file;
    const found = { ...inputs, owner, group, mode };
    return {
      id,
      inputs: found,
      state: { ...stateOf(found, content, restartDue), claim: recorded.state.claim },
    };
  },

  async update(recorded, desired, context) {
    const { id, state } = recorded;
    return (await write(desired, state.claim || newClaim(), machineIdOf(id), context)).state;
  },

  async delete(recorded, context) {
    const { inputs, state } = recorded;
    const machineId = machineIdOf(recorded.id);
    const ownership = { claim: state.claim ?? '', urn: context.urn };
    const found = await removeSecret(
      machineOf(inputs),
      inputs.path,
      ownership,
      machineId,
      context.signal,
    ).catch((error: unknown) => {
      // Another host key is another machine, or an unknown one: nothing is sent there.
      if (hasCode(error, 'host-key')) return { machineId: 'another ssh host key', owner: undefined };
      throw error;
    });
    if (found.owner) context.log('info', keptForOwner(inputs.host, inputs.path, found.owner));
    if (found.machineId !== machineId) {
      context.log(
        'warning',
        `${inputs.host} is another machine now (${found.machineId}): ${inputs.path} was not removed`,
      );
    }
  },
};

async function write(
  inputs: SecretInputs,
  claim: string,
  expected: string | undefined,
  context: Context,
): Promise<{ id: string; state: SecretState }> {
  const { machineId, restarted, notRestarted } = await writeSecret(
    machineOf(inputs),
    inputs,
    { claim, urn: context.urn, takeOverFrom: inputs.takeOverFrom },
    expected,
    context.signal,
  );
  const id = `${machineId}:${inputs.path}`;
  if (restarted.length > 0) context.log('info', `${inputs.host}: restarted ${restarted.join(', ')}`);
  if (notRestarted)
    throw new PartialFailure(id, { ...stateOf(inputs, 'in-place', true), claim }, notRestarted);
  return { id, state: { ...stateOf(inputs, 'in-place', false), claim } };
}

function stateOf(inputs: SecretInputs, content: SecretState['content'], restartDue: boolean): SecretState {
  const { value: _, ...rest } = inputs;
  return { ...rest, content, restartDue };
}

function machineIdOf(id: string): string {
  return id.slice(0, id.indexOf(':'));
}
