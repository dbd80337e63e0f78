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

/** Whether nix could not fetch something over the network. */
export function isFetchError(message: string): boolean {
  return /unable to (download|fetch)|could not resolve host|failed to (fetch|connect)|cannot (fetch|connect)|repository not found|(connection|operation) timed out|network is unreachable|fatal: (unable to access|could not read)|HTTP error [45]\d\d/i.test(
    withoutSource(message),
  );
}

/** Replaces paths of a flake's copy in the Nix store with those of the folder that the user edits. */
export function withLocalPaths(
  message: string,
  storePath: string | undefined,
  localPath: string | undefined,
): string {
  if (localPath === undefined) return message;
  // The store path is unknown before the flake is locked, but its name is always "source".
  const copy = storePath ?? /\/nix\/store\/[0-9a-z]{32}-source(?=\/)/.exec(message)?.[0];
  return copy === undefined ? message : message.replaceAll(`${copy}/`, `${localPath}/`);
}

export function isSyntaxError(message: string): boolean {
  return /^syntax error\b|^undefined variable\b/m.test(message);
}
