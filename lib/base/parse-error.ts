import { type ErrorCode, errorCodes } from './errors.ts';

/** A FleetError as its text shows it. */
export interface ParsedError {
  code: ErrorCode;
  host?: string | undefined;
  what: string;
  why?: string | undefined;
  fix?: string | undefined;
}

/**
 * The errors in a text that another process printed, which may hold several messages of FleetErrors one after the other.
 * @returns with the lines that belong to none
 */
export function parseErrors(text: string): { errors: ParsedError[]; rest: string } {
  const errors: ParsedError[] = [];
  const rest: string[] = [];
  let part: 'why' | 'fix' | undefined;
  for (const line of text.split('\n')) {
    const error = errors.at(-1);
    const [, label, first = ''] = /^ {2}(why|fix): {2}(.*)$/.exec(line) ?? [];
    const [, indented] = /^ {8}(.*)$/.exec(line) ?? [];
    const begun = parseHeadline(line);
    if (begun) errors.push(begun);
    else if (error && label) error[label as 'why' | 'fix'] = first;
    else if (error && part && indented !== undefined) error[part] += `\n${indented}`;
    else rest.push(line);
    part = begun ? undefined : label ? (label as 'why' | 'fix') : indented === undefined ? undefined : part;
  }
  return { errors, rest: rest.join('\n').trim() };
}

/** `web: cannot build the system [build-failed]`. */
function parseHeadline(line: string): ParsedError | undefined {
  const [, host, what, code] = /^(?:([A-Za-z0-9][\w.-]*): )?(\S.*) \[([a-z-]+)\]$/.exec(line) ?? [];
  if (what === undefined || code === undefined || !Object.hasOwn(errorCodes, code)) return undefined;
  return { code: code as ErrorCode, host, what };
}
