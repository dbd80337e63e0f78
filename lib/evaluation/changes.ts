import type { HostFacts, KernelFacts } from '../../schema/facts.ts';
import { type Difference, differences } from '../base/differences.ts';
import { formatPath } from '../base/property-path.ts';
import { explainTextChange } from './texts.ts';

/** More lines than somebody reads in a preview; an update of nixpkgs has some hundreds. */
const mostChanges = 400;

const signs = { add: '+', delete: '-', update: '~' } as const;

/**
 * The leaves that differ between the facts of two systems, one line each, in the form of Pulumi's own diffs, and below
 * a unit or a file of /etc the lines of its text that change.
 */
export function factsChanges(old: HostFacts, asked: HostFacts): string[] {
  return limited(differences(old, asked), describe);
}

/** What of a kernel is shown, beside its paths. */
export type ShownKernel = Pick<KernelFacts, 'version' | 'source' | 'sourceRevision' | 'patches' | 'config'>;

/** The leaves that differ between two kernels, likewise. */
export function kernelChanges(old: ShownKernel, asked: ShownKernel): string[] {
  const shown = ({ version, source, sourceRevision, patches, config }: ShownKernel): ShownKernel => ({
    ...{ version, source, sourceRevision, patches, config },
  });
  return limited(differences(shown(old), shown(asked)), describe);
}

/** Symbols of a whole configuration that change, beside those that are asked for. */
export function configuredChanges(
  old: { config: Symbols; configured: Symbols },
  asked: { config: Symbols; configured: Symbols },
): string[] {
  const names = [...new Set([...Object.keys(old.configured), ...Object.keys(asked.configured)])].sort();
  const lines = names.flatMap((name) => {
    const [was, is] = [old.configured[name] ?? 'n', asked.configured[name] ?? 'n'];
    return was === is || old.config[name] !== asked.config[name] ? [] : [`~ ${name}: ${was} => ${is}`];
  });
  return limited(lines, (line) => [line]);
}

type Symbols = Readonly<Record<string, string>>;

function limited<Item>(items: readonly Item[], describe: (item: Item) => string[]): string[] {
  const lines = items.slice(0, mostChanges).flatMap(describe);
  const more = items.length - mostChanges;
  return more > 0 ? [...lines, `… and ${more} more changes`] : lines;
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
