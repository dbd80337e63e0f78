import { ageInWords, isoDay } from '../../lib/evaluation/input-ages.ts';
import type { InputChange, LockedSource } from '../../lib/store/nix/locks.ts';
import type { FleetChange, TargetChange } from './compare.ts';

/** One line per changed input: its revisions, their dates and ages. */
export function describeInputChanges(changes: readonly InputChange[], now: number): string {
  return changes
    .map(({ path, before, after }) => {
      if (!before) return `${path}: new, ${version(after, now)}`;
      if (!after) return `${path}: gone, it was ${version(before, now)}`;
      return `${path}: ${version(before, now)} → ${version(after, now)}`;
    })
    .map((line) => `${line}\n`)
    .join('');
}

function version({ rev, narHash, lastModified }: LockedSource = {}, now: number): string {
  const name = rev?.slice(0, 12) ?? narHash?.slice(0, 19) ?? 'without a revision';
  return lastModified === undefined
    ? name
    : `${name} of ${isoDay(lastModified)} (${ageInWords(lastModified, now)})`;
}

/** The changes of machines and images, those with equal changes together; then the kernels. */
export function describeFleetChange({ hosts, images, kernels }: FleetChange): string {
  return [
    ...grouped(hosts),
    ...grouped(Object.fromEntries(Object.entries(images).map(([name, change]) => [`image ${name}`, change]))),
    ...kernels.map(({ machines, before, after, changes }) =>
      [
        `kernel of ${machines.join(', ')}: ${before === after ? `another build of ${after}` : `${before} → ${after}`}`,
        ...indented(changes),
      ].join('\n'),
    ),
  ]
    .map((paragraph) => `\n${paragraph}\n`)
    .join('');
}

function grouped(targets: Readonly<Record<string, TargetChange>>): string[] {
  const groups = new Map<string, { names: string[]; change: TargetChange }>();
  for (const [name, change] of Object.entries(targets)) {
    // Failures are not grouped, as their messages differ.
    const key = 'error' in change ? name : JSON.stringify(change);
    const group = groups.get(key) ?? { names: [], change };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ names, change }) => describe(names.join(', '), change));
}

function describe(names: string, change: TargetChange): string {
  if (change.kind === 'same') return `${names}: nothing changes`;
  if (change.kind === 'fixed') return `${names}: evaluates again`;
  if ('error' in change) {
    const what = change.kind === 'broken' ? 'no longer evaluates' : 'did not evaluate before, either';
    return [`${names}: ${what}`, ...indented(change.error.message.split('\n'))].join('\n');
  }
  const { changes, closure, consequences, warnings } = change;
  const count = changes.filter((line) => /^[+~-] /.test(line)).length;
  const what = count === 0 ? 'rebuilt, no fact differs' : count === 1 ? '1 change' : `${count} changes`;
  return [
    [`${names}: ${what}`, ...consequences].join('; '),
    ...indented(changes),
    ...(closure.length > 0 ? indented(['closure:', ...indented(closure)]) : []),
    ...indented(warnings.map((warning) => `new warning: ${warning}`)),
  ].join('\n');
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line.replaceAll('\n', '\n  ')}`);
}
