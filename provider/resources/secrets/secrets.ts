import { FleetError, hasCode, isFailure } from '../../../lib/base/errors.ts';
import { wrongMachine } from '../../../lib/machine/guard.ts';
import { keptForOwner, newClaim } from '../../../lib/machine/ownership/ownership.ts';
import {
  readSecrets,
  removeSecrets,
  type SecretFiles,
  writeSecrets,
} from '../../../lib/machine/secrets/secrets-files.ts';
import { machineOf } from '../../../lib/machine/ssh/machine-at.ts';
import {
  type SecretsInputs,
  type SecretsState,
  secretsInputs,
  secretsState,
  wholeFiles,
} from '../../../schema/secrets.ts';
import { type Context, PartialFailure, type Recorded, type Resource } from '../../resource.ts';
import { cannotImport } from '../import-error.ts';
import { checkSecrets } from './check.ts';
import { changedNames, diffSecrets, removedPaths } from './diff.ts';

/** Files on one machine whose contents are in no Nix store. Its id is MACHINE-ID:CLAIM. */
export const secrets: Resource<SecretsInputs, SecretsState> = {
  token: 'nixos:index:Secrets',
  description:
    'Any number of files on one machine whose contents never enter a Nix store. Those that change are written in one stream; those that are no longer declared are removed.',
  inputs: secretsInputs,
  state: secretsState,
  secretInputs: ['values'],
  check: checkSecrets,
  diff: diffSecrets,

  preview(desired) {
    return stateOf(desired, allInPlace(desired), false);
  },

  async create(inputs, context) {
    const claim = newClaim();
    return await write(inputs, Object.keys(inputs.files), [], claim, inputs.machineId, context);
  },

  async read(id, recorded, context) {
    if (!recorded)
      throw cannotImport(
        `the secrets ${context.name}`,
        'their values are on the machine alone, and are never read from there',
        'Declare them with their values: where the files hold these, up leaves them as they are.',
      );
    const { inputs, state } = recorded;
    const read = readSecrets(machineOf(inputs), filesOf(inputs), state.claim ?? '', context.signal);
    const reading = await read.catch((error: unknown) => {
      if (isFailure(error)) return error;
      throw error;
    });
    if (reading instanceof FleetError) return { id, ...recorded, unhealthy: reading.message };
    if (reading.machineId !== machineIdOf(id)) {
      const { message } = wrongMachine(inputs.host, machineIdOf(id), reading.machineId, context.urn);
      return { id, ...recorded, unhealthy: message };
    }
    const files: SecretsInputs['files'] = {};
    const contents: SecretsState['contents'] = {};
    for (const [name, file] of Object.entries(wholeFiles(inputs.files))) {
      const { content = 'missing' as const, ...found } = reading.files[name] ?? {};
      // Only what differs: defaults stay out of the state.
      const drifted = Object.entries(found).filter(
        ([key, value]) => file[key as keyof typeof found] !== value,
      );
      files[name] = { ...inputs.files[name], path: file.path, ...Object.fromEntries(drifted) };
      contents[name] = content;
    }
    const found = { ...inputs, files };
    return {
      id,
      inputs: found,
      state: { ...stateOf(found, contents, reading.restartDue), claim: state.claim },
    };
  },

  async update(recorded, desired, context) {
    const claim = recorded.state.claim || newClaim();
    const names = changedNames(recorded, desired);
    const removed = removedPaths(recorded.inputs, desired);
    const machineId = machineIdOf(recorded.id);
    try {
      return (await write(desired, names, removed, claim, machineId, context)).state;
    } catch (error) {
      throw uncertain(recorded, desired, names, error);
    }
  },

  async delete({ id, inputs, state }, context) {
    const machineId = machineIdOf(id);
    const paths = Object.values(inputs.files).map(({ path }) => path);
    const ownership = { claim: state.claim ?? '', urn: context.urn };
    const removal = removeSecrets(machineOf(inputs), paths, ownership, machineId, context.signal);
    const found = await removal.catch((error: unknown) => {
      // Another host key is another machine, or an unknown one: nothing is sent there.
      if (hasCode(error, 'host-key')) return { machineId: 'another ssh host key', kept: [] };
      throw error;
    });
    reportKept(inputs, found.kept, context);
    if (found.machineId !== machineId) {
      context.log(
        'warning',
        `${inputs.host} is another machine now (${found.machineId}): its ${paths.length} secrets were not removed`,
      );
    }
  },
};

async function write(
  inputs: SecretsInputs,
  names: readonly string[],
  removed: readonly string[],
  claim: string,
  expected: string | undefined,
  context: Context,
): Promise<{ id: string; state: SecretsState }> {
  const all = filesOf(inputs);
  const files = Object.fromEntries(names.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
  const ownership = { claim, urn: context.urn, takeOverFrom: inputs.takeOverFrom };
  const { machineId, restarted, notRestarted, kept } = await writeSecrets(
    machineOf(inputs),
    files,
    removed,
    ownership,
    expected,
    context.signal,
  );
  const id = `${machineId}:${claim}`;
  reportKept(inputs, kept, context);
  if (restarted.length > 0) context.log('info', `${inputs.host}: restarted ${restarted.join(', ')}`);
  const state = { ...stateOf(inputs, allInPlace(inputs), notRestarted !== undefined), claim };
  if (notRestarted) throw new PartialFailure(id, state, notRestarted);
  return { id, state };
}

/** After a failure, what was sent may be there or not: the next `up` sends it again, whatever is declared by then. */
function uncertain(
  { id, state }: Recorded<SecretsInputs, SecretsState>,
  desired: SecretsInputs,
  names: readonly string[],
  error: unknown,
): unknown {
  const nothingDone = hasCode(error, 'owned-by-other') || hasCode(error, 'wrong-machine');
  if (!(error instanceof Error) || error instanceof PartialFailure || nothingDone) return error;
  const changed = Object.fromEntries(names.map((name) => [name, 'changed' as const]));
  const { restartDue, claim } = state;
  const contents = { ...allInPlace(desired), ...changed };
  return new PartialFailure(id, { ...stateOf(desired, contents, restartDue), claim }, error);
}

function reportKept(
  { host }: SecretsInputs,
  kept: readonly { path: string; resource: string }[],
  context: Context,
): void {
  for (const { path, resource } of kept) context.log('info', keptForOwner(host, path, { resource }));
}

function filesOf({ files, values }: SecretsInputs): SecretFiles {
  return Object.fromEntries(
    Object.entries(wholeFiles(files)).map(([name, file]) => [name, { ...file, value: values[name] ?? '' }]),
  );
}

const allInPlace = ({ files }: SecretsInputs): SecretsState['contents'] =>
  Object.fromEntries(Object.keys(files).map((name) => [name, 'in-place']));

function stateOf(
  { values: _, ...rest }: SecretsInputs,
  contents: SecretsState['contents'],
  restartDue: boolean,
): SecretsState {
  return { ...rest, contents, restartDue };
}

function machineIdOf(id: string): string {
  return id.slice(0, id.indexOf(':'));
}
