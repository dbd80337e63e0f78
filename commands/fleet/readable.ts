import { stripVTControlCharacters } from 'node:util';
import type { Paint } from './paint.ts';

/** Breaks a line between words where it is wider than the terminal; what goes on is indented. Longer words stay whole. */
export function wrapped(line: string, width: number): string[] {
  const room = width - 1;
  if (stripVTControlCharacters(line).length <= room) return [line];
  const [label = ''] = /^(\s*(why|fix):)?\s*/.exec(line) ?? [];
  const indent = ' '.repeat(label.trim() ? label.length : label.length + 2);
  const lines: string[] = [];
  let current = label;
  let isEmpty = true;
  for (const word of line.slice(label.length).split(' ')) {
    const next = isEmpty ? `${current}${word}` : `${current} ${word}`;
    if (isEmpty || stripVTControlCharacters(next).length <= room) current = next;
    else {
      lines.push(current);
      current = `${indent}${word}`;
    }
    isEmpty = false;
  }
  return [...lines, current];
}

const signs = { '+': 'green', '-': 'red', '~': 'yellow' } as const;

/** A line of a plan with its subject in bold, what is added in green, removed in red, changed or risky in yellow. */
export function paintedPlan(line: string, paint: Paint): string {
  return line
    .replaceAll(/(?<=[:,] )[-+~](?= \S)/g, (sign) => paint(signs[sign as keyof typeof signs], sign))
    .replace(/(?<=^\s*|^[^\s:"][^:"]*: )the machine will be .*$/, (risk) => paint('yellow', risk))
    .replace(/^[^\s:"][^:"]*:(?= |$)/, (subject) => paint('bold', subject));
}

/** A line of work that lasts, with its subject in bold and its duration dim. */
export function paintedWork(line: string, paint: Paint): string {
  return line
    .replace(/^\S.*?(?= {2})/, (subject) => paint('bold', subject))
    .replace(/ {2}\([^()]*\)$/, (duration) => paint('dim', duration));
}
