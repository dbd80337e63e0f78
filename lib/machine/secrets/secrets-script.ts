import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { shellCommand } from '../../base/quote.ts';

/** One file to write. */
interface SecretFileToWrite {
  path: string;
  owner: string;
  group: string;
  mode: string;
  restartUnits: readonly string[];
  content: Buffer;
}

/** Calls of the functions of secrets.sh that write files, and remove others. */
export function writeCalls(files: readonly SecretFileToWrite[], removed: readonly string[]): string {
  return lines([
    ['this_machine'],
    ['lock_all'],
    ...files.map(({ path }) => ['claim_path', recordOf(path), path]),
    ['record_claims'],
    ...[...Map.groupBy(files, ({ path }) => dirname(path))].flatMap(([folder, inside]) =>
      folderCalls(folder, inside),
    ),
    ...removed.map((path) => ['drop', recordOf(path), path]),
    ['written'],
    ...end,
  ]);
}

/** Calls that remove files. */
export function removeCalls(paths: readonly string[]): string {
  const drops = paths.map((path) => ['drop', recordOf(path), path]);
  return lines([['this_machine'], ['lock_all'], ...drops, ['forget_due'], ...end]);
}

export function restartCalls(): string {
  return lines([['this_machine'], ['restart_units'], ...end]);
}

export function lookCalls(salt: string, paths: readonly string[]): string {
  return lines([['this_machine'], ['look', salt, ...paths], ...end]);
}

export function digestCalls(salt: string, paths: readonly string[]): string {
  return lines([['this_machine'], ['digests', salt, ...paths], ...end]);
}

const end = [['say', 'end', 'yes']];

const lines = (calls: readonly (readonly string[])[]) =>
  calls.map((words) => `${shellCommand(words)}\n`).join('');

/** Name of a path's record among the owners of ownership.sh. */
const recordOf = (path: string) => createHash('sha256').update(path).digest('hex').slice(0, 32);

function folderCalls(folder: string, files: readonly SecretFileToWrite[]): string[][] {
  const name = ({ path }: SecretFileToWrite) => `./${basename(path)}`;
  const grouped = (call: string, keyOf: (file: SecretFileToWrite) => string) =>
    [...Map.groupBy(files, keyOf)].map(([key, members]) => [call, key, ...members.map(name)]);
  const withUnits = files.filter(({ restartUnits }) => restartUnits.length > 0);
  return [
    ['enter', folder],
    ...files.map((file) => {
      const text = file.content.toString('utf8');
      const isText = !text.includes('\0') && Buffer.from(text).equals(file.content);
      return isText ? ['put', name(file), text] : ['put64', name(file), file.content.toString('base64')];
    }),
    ...grouped('own', ({ owner, group }) => `${owner}:${group}`),
    ...grouped('permit', ({ mode }) => mode),
    ...(withUnits.length > 0
      ? [
          ['compare', String(withUnits.length), ...withUnits.map(name)],
          ...withUnits.map(({ restartUnits }, index) => ['due', String(index + 1), ...restartUnits]),
        ]
      : []),
    ['place', ...files.map(name)],
  ];
}
