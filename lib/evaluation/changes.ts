import type { HostFacts, KernelFacts } from '../../schema/facts.ts';
import { type Difference, differences } from '../base/differences.ts';
import { omit } from '../base/pick.ts';
import { formatPath } from '../base/property-path.ts';
import { explainTextChange } from './texts.ts';

/** Longest list of changes in a preview; an update of nixpkgs has some hundreds. */
const maxChanges = 400;

const signs = { add: '+', delete: '-', update: '~' } as const;

/**
 * The leaves that differ between the facts of two systems, one line each in the format of Pulumi's diffs. Below a unit or a file
 * of /etc the changed lines of its text follow.
 */
export function factsChanges(old: HostFacts, desired: HostFacts): string[] {
  return limited(differences(knownOf(old, desired), knownOf(desired, old)), describe);
}

/**
 * Without parts that either side does not know: an older version recorded fewer, and some cannot be read. What decides about
 * running units is shown as a prediction.
 */
function knownOf({ unread = {}, switching: _, ...facts }: HostFacts, other: HostFacts): Partial<HostFacts> {
  const unknown = Object.keys({ ...unread, ...other.unread }).flatMap((part) =>
    part === 'about' ? ['nixosLabel', 'stateVersion'] : [part],
  );
  if (!other.access) unknown.push('access');
  const { access } = facts;
  const newer = (['rootPassword', 'sshPasswords'] as const).filter(
    (name) => other.access?.[name] === undefined,
  );
  return omit({ ...facts, access: access && omit(access, newer) }, unknown);
}

/** The parts of a kernel that a diff shows. */
export type ShownKernel = Pick<KernelFacts, 'version' | 'source' | 'sourceRevision' | 'patches' | 'config'>;

/** The leaves that differ between two kernels, one line each. */
export function kernelChanges(old: ShownKernel, desired: ShownKernel): string[] {
  const shown = ({ version, source, sourceRevision, patches, config }: ShownKernel): ShownKernel => ({
    version,
    source,
    sourceRevision,
    patches,
    config,
  });
  return limited(differences(shown(old), shown(desired)), describe);
}

/** Symbols that change in a whole configuration although their requested values do not. */
export function configuredChanges(
  old: { config: Symbols; configured: Symbols },
  desired: { config: Symbols; configured: Symbols },
): string[] {
  const names = [...new Set([...Object.keys(old.configured), ...Object.keys(desired.configured)])].sort();
  const lines = names.flatMap((name) => {
    const [before, after] = [old.configured[name] ?? 'n', desired.configured[name] ?? 'n'];
    const isShown = before !== after && old.config[name] === desired.config[name];
    return isShown ? [`~ ${name}: ${before} => ${after}`] : [];
  });
  return limited(lines, (line) => [line]);
}

type Symbols = Readonly<Record<string, string>>;

function limited<Item>(items: readonly Item[], describe: (item: Item) => string[]): string[] {
  const lines = items.slice(0, maxChanges).flatMap(describe);
  const more = items.length - maxChanges;
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
  // The fact is a hash of the text: the changed lines are shown instead.
  const [oldState, newState] = [stateOf(before), stateOf(after)];
  if (kind !== 'update') return [[name, newState ?? oldState].filter(Boolean).join(': ')];
  const text = explainTextChange(String(before), String(after)).map((line) => `    ${line}`);
  if (oldState !== newState) return [`${name}: ${oldState} => ${newState}`, ...text];
  return [text.length > 0 ? name : `${name}: text differs`, ...text];
}

/** "enabled" of "enabled 0123456789ab"; undefined for a file. */
function stateOf(fact: unknown): string | undefined {
  return typeof fact === 'string' ? /^(enabled|disabled)\b/.exec(fact)?.[0] : undefined;
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
