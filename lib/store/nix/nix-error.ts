import { plain } from './log-json.ts';

/**
 * The message of a failed nix command, from its stderr: the innermost error with its position and the lines around it, without
 * the trace, warnings and colours.
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
