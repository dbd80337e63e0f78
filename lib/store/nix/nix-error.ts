import { printable } from '../../base/presentable.ts';

/**
 * The message of a failed nix command, from its stderr: the innermost error with its position and the lines around it, without
 * the trace, warnings and colours.
 */
export function parseNixError(stderr: string): string {
  const text = printable(stderr).trimEnd();
  const starts = [...text.matchAll(/^(?: {7})?error:[ \n]/gm)];
  const last = starts.at(-1);
  if (!last) return text.split('\n').slice(-10).join('\n');
  return text
    .slice(last.index)
    .split('\n')
    .map((line) => line.replace(/^ {7}/, ''))
    .filter((line) => !/^(warning|trace|evaluation warning):/.test(line))
    .join('\n')
    .replace(/^error:\s*/, '')
    .trim();
}

/** The innermost option, and the file that defines it, in the trace of a failed nix command: a message of `throw` names neither. */
export function optionOfError(stderr: string): string | undefined {
  const text = printable(stderr);
  const option = [...text.matchAll(/while evaluating the option [`'](.+?)':?$/gm)].at(-1);
  if (!option) return undefined;
  const [, file] = /while evaluating definitions from [`'](.+?)':?$/m.exec(text.slice(option.index)) ?? [];
  return `while evaluating the option ${option[1]}${file ? `, defined in ${file}` : ''}`;
}

export const fetchFix =
  'Check the network, and that you may read the input (its URL, your token or ssh key), then run again.';

/** What Nix itself writes in an error's message, without the lines of source that it shows: they may contain anything. */
export function withoutSource(message: string): string {
  return message
    .split('\n')
    .filter((line) => !/^ *\d* *\|/.test(line))
    .join('\n');
}

/**
 * Whether nix could not fetch something over the network. Only Nix's own messages count, with what they name: a `throw` may contain
 * the same words.
 */
export function isFetchError(message: string): boolean {
  return /^(unable to (download|fetch)|failed to fetch( \w+)*|cannot (fetch|connect to)( \w+)*) ['"`‘«]|^(fatal: (unable to access|could not read) |ssh: connect to host |ERROR: Repository not found)/im.test(
    withoutSource(message),
  );
}

/** Replaces paths of a flake's copy in the Nix store, if there is one, with those of the folder that the user edits. */
export function withLocalPaths(
  message: string,
  storePath: string | undefined,
  localPath: string | undefined,
): string {
  if (localPath === undefined || storePath === undefined) return message;
  return message.replaceAll(`${storePath}/`, `${localPath}/`);
}

/** Whether a file is not valid Nix: such a message names the place. */
export function isSyntaxError(message: string): boolean {
  return /^(syntax error, unexpected |undefined variable ').*\n *at /.test(message);
}

/** What the trace of an infinite recursion names: the argument of a module whose value needs the module itself. */
export function moduleArgumentOfError(stderr: string): { argument: string; file: string } | undefined {
  const found = [
    ...printable(stderr).matchAll(/while evaluating the module argument [`'](.+?)' in "(.+?)"/g),
  ].at(-1);
  return found && { argument: found[1] ?? '', file: found[2] ?? '' };
}
