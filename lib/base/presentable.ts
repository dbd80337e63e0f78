import { stripVTControlCharacters } from 'node:util';
import { hideSecrets } from './hide-secrets.ts';

const longestLine = 1000;

/**
 * Any text as a terminal, a log or a comment may show it: printable, without what looks like a secret, and with long lines cut.
 * Every text for a person goes through here: messages of errors, lines in the display of Pulumi, output of commands.
 */
export function presentable(text: string): string {
  return hideSecrets(printable(text));
}

/** Escape sequences are removed, a line overwritten by \r is left out, other control characters are shown as �. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).split('\n').map(printableLine).join('\n');
}

/** Control characters but \t, and those that change the direction of the text, with which it would read as another one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const unprintable = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd\ufffe\uffff]/g;

function printableLine(raw: string): string {
  const line = raw.replace(/\r+$/, '').replace(/^.*\r/s, '').toWellFormed();
  const bad = line.match(unprintable)?.length ?? 0;
  if (bad > 3 && bad > line.length / 20) return `[${line.length} characters of binary data]`;
  return cut(bad > 0 ? line.replace(unprintable, '�') : line);
}

function cut(line: string): string {
  if (line.length <= longestLine) return line;
  const [head, tail] = [line.slice(0, longestLine - 200), line.slice(-100)];
  return `${head} … ${line.length - head.length - tail.length} more characters … ${tail}`.toWellFormed();
}
