import type { HostFacts } from '../../schema/facts.ts';
import { type Difference, differences } from '../differences.ts';
import { explainTextChange } from '../evaluation/texts.ts';
import { formatPath } from '../property-path.ts';

/** More lines than somebody reads in a preview; an update of nixpkgs has some hundreds. */
const mostChanges = 400;

const signs = { add: '+', delete: '-', update: '~' } as const;

/**
 * The leaves that differ between the facts of two systems, one line each, in the form of Pulumi's own diffs, and below
 * a unit or a file of /etc the lines of its text that change.
 */
export function factsChanges(old: HostFacts, asked: HostFacts): string[] {
  const changes = differences(old, asked);
  const lines = changes.slice(0, mostChanges).flatMap(describe);
  return changes.length > mostChanges
    ? [...lines, `… and ${changes.length - mostChanges} more changes`]
    : lines;
}

function describe({ path, kind, before, after }: Difference): string[] {
  const name = `${signs[kind]} ${formatPath(path)}`;
  const isText = path[0] === 'units' || path[0] === 'etc';
  if (!isText) {
    const shown =
      kind === 'update' ? `${json(before)} => ${json(after)}` : json(kind === 'add' ? after : before);
    return [`${name}: ${shown}`];
  }
  // The hash stands for a text: what it says is shown, and not the hash.
  const [was, is] = [stateOf(before), stateOf(after)];
  if (kind !== 'update') return [[name, is ?? was].filter(Boolean).join(': ')];
  const text = explainTextChange(String(before), String(after)).map((line) => `    ${line}`);
  if (was !== is) return [`${name}: ${was} => ${is}`, ...text];
  return [text.length > 0 ? name : `${name}: its text differs`, ...text];
}

/** "enabled" of "enabled 0123456789ab"; files have no such word. */
function stateOf(fact: unknown): string | undefined {
  return typeof fact === 'string' ? /^(enabled|disabled)\b/.exec(fact)?.[0] : undefined;
}

/** A value on one line, with the space that Pulumi leaves after a colon. */
function json(value: unknown): string {
  return JSON.stringify(value);
}
