import { plain } from './log-json.ts';

/**
 * The message of a failed nix command, from all it wrote to stderr: the innermost error with its position and the
 * lines around it, without the trace above it, warnings and colours.
 */
export function parseNixError(stderr: string): string {
  const text = plain(stderr).trimEnd();
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

/** Names files of a flake by where the user edits them, and not by their copy in the Nix store. */
export function withLocalPaths(
  message: string,
  storePath: string | undefined,
  localPath: string | undefined,
): string {
  if (localPath === undefined) return message;
  // Before a flake is locked its copy's name is unknown: Nix calls a tree "source".
  const copy = storePath ?? /\/nix\/store\/[0-9a-z]{32}-source(?=\/)/.exec(message)?.[0];
  return copy === undefined ? message : message.replaceAll(`${copy}/`, `${localPath}/`);
}

export function isSyntaxError(message: string): boolean {
  return /^syntax error\b|^undefined variable\b/m.test(message);
}
