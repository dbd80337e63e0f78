import { isDeepStrictEqual } from 'node:util';
import { type SecretsInputs, type SecretsState, wholeFiles } from '../../../schema/secrets.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { DiffResult, Recorded } from '../../resource.ts';
import { connectionDiff } from '../connection-diff.ts';

type RecordedSecrets = Recorded<SecretsInputs, SecretsState>;

/** By name: which files and values differ, and which are not as recorded on the machine. No value is shown. */
export function diffSecrets(recorded: RecordedSecrets, desired: SecretsInputs): DiffResult {
  const { id, inputs, state } = recorded;
  const machineId = id.slice(0, id.indexOf(':'));
  const both = Object.entries(state.contents).filter(([name]) => Object.hasOwn(desired.files, name));
  const detailed = {
    ...(desired.machineId === undefined
      ? {}
      : leafDiff(machineId, desired.machineId, { at: ['machineId'], replace: true })),
    ...connectionDiff(inputs, desired),
    ...leafDiff(wholeFiles(inputs.files), wholeFiles(desired.files), { at: ['files'] }),
    ...leafDiff(inputs.values, desired.values, { at: ['values'] }),
    ...leafDiff(
      { contents: Object.fromEntries(both), restartDue: state.restartDue },
      { contents: Object.fromEntries(both.map(([name]) => [name, 'in-place'])), restartDue: false },
      { inputDiff: false },
    ),
  };
  return changesFrom(detailed, { notes: notesOf(recorded, desired) });
}

/** Names of the files that are to be written: new ones, changed ones, and those that are not as recorded on the machine. */
export function changedNames({ inputs, state }: RecordedSecrets, desired: SecretsInputs): string[] {
  const [old, next] = [wholeFiles(inputs.files), wholeFiles(desired.files)];
  return Object.keys(next).filter(
    (name) =>
      !isDeepStrictEqual(old[name], next[name]) ||
      inputs.values[name] !== desired.values[name] ||
      state.contents[name] !== 'in-place',
  );
}

/** Paths that no file has any more. */
export function removedPaths(recorded: SecretsInputs, desired: SecretsInputs): string[] {
  const left = new Set(Object.values(desired.files).map(({ path }) => path));
  return Object.values(recorded.files)
    .map(({ path }) => path)
    .filter((path) => !left.has(path));
}

function notesOf(recorded: RecordedSecrets, desired: SecretsInputs): string[] {
  const { inputs, state } = recorded;
  const names = changedNames(recorded, desired);
  const isNew = (name: string) => !Object.hasOwn(inputs.files, name);
  const hasValue = (name: string) =>
    inputs.values[name] !== desired.values[name] ||
    (inputs.files[name]?.encoding ?? 'text') !== (desired.files[name]?.encoding ?? 'text');
  const groups = {
    new: names.filter(isNew),
    'with new content': names.filter((name) => !isNew(name) && hasValue(name)),
    'with another place, owner, mode or unit': names.filter(
      (name) => !isNew(name) && !hasValue(name) && state.contents[name] === 'in-place',
    ),
    'restored on the machine': names.filter(
      (name) => !isNew(name) && !hasValue(name) && state.contents[name] !== 'in-place',
    ),
    removed: Object.keys(inputs.files).filter((name) => !Object.hasOwn(desired.files, name)),
  };
  const parts = Object.entries(groups).flatMap(([what, members]) =>
    members.length > 0 ? [`${what}: ${listed(members)}`] : [],
  );
  const { host } = inputs;
  return [
    ...(parts.length > 0 ? [`secrets of ${host}: ${parts.join('; ')}`] : []),
    ...(desired.when === 'before' && groups['with new content'].length > 0
      ? [
          `the secrets of ${host} are written before the deployment: if it rolls back, its previous system runs with the new contents`,
        ]
      : []),
  ];
}

const shown = 20;

function listed(names: readonly string[]): string {
  const more = names.length - shown;
  return [...names.slice(0, shown), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
