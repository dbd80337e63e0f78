import { formatSize } from '../../base/bytes.ts';
import { counted } from '../../base/text.ts';
import type { ClosureChange } from './change.ts';
import { isSystem, type PackageChange } from './compare.ts';
import { isVersion } from './names.ts';

/** What is left to do for a system. */
export interface Work {
  /** Derivations to build, and paths to fetch for that. */
  builds: number;
  fetches: number;
  /** Bytes to download, if the caches report them. */
  download?: number | undefined;
}

interface DescribeOptions {
  work?: Work | undefined;
  /** Longest list of packages. */
  limit?: number;
  /** Whether to list what has no version, too: files, scripts, units. */
  files?: boolean;
}

const vagueNote =
  'new dependencies of rebuilt packages are not predicted: this computer lacks the derivations of the live system';

/** A closure's change as lines: counts, packages, and what is left to do. Empty if only the system's own path differs. */
export function describeClosure(
  change: ClosureChange,
  { work, limit = Number.POSITIVE_INFINITY, files = true }: DescribeOptions = {},
): string[] {
  const { exact, rebuilt, copied } = change;
  const shown = change.packages.filter(({ name }) => !isSystem(name));
  const packages = shown.filter((each) => !isFile(each));
  const others = shown.filter(isFile);
  if (copied.paths <= 1 && shown.length === 0) return [];
  const count = (list: readonly PackageChange[], sign: string) =>
    list.filter((each) => signOf(each) === sign).length;
  const counts = [
    part(count(packages, '~'), 'package', 'changes version', 'change version'),
    part(count(packages, '+'), 'package', 'is added', 'are added'),
    part(count(packages, '-'), 'package', 'is removed', 'are removed'),
    part(count(others, '+'), 'file or unit', 'is added', 'are added', 'files and units'),
    part(count(others, '-'), 'file or unit', 'is removed', 'are removed', 'files and units'),
    part(rebuilt, 'path', 'is rebuilt', 'are rebuilt'),
  ].filter(Boolean);
  const order = ['~', '+', '-'];
  const sorted = packages.toSorted((a, b) => order.indexOf(signOf(a)) - order.indexOf(signOf(b)));
  const lines = [...sorted, ...(files ? others : [])].map(line);
  const more = lines.length - limit;
  return [
    `${exact ? 'as built' : 'expected'}: ${counts.join(', ') || 'the same packages'}`,
    ...(more > 0 ? [...lines.slice(0, limit), `… and ${more} more`] : lines),
    ...(change.vague ? [vagueNote] : []),
    workLine(change, work),
  ];
}

/** Whether nothing of it has a version. */
function isFile({ removed, added }: PackageChange): boolean {
  return ![...removed, ...added].some(isVersion);
}

function signOf({ removed, added }: PackageChange): '~' | '+' | '-' {
  if (removed.length === 0) return '+';
  return added.length === 0 ? '-' : '~';
}

function part(count: number, noun: string, is: string, are: string, nouns = `${noun}s`): string {
  if (count === 0) return '';
  return count === 1 ? `1 ${noun} ${is}` : `${count} ${nouns} ${are}`;
}

function line(change: PackageChange): string {
  const { name, removed, added, users, certainty } = change;
  const sign = signOf(change);
  const list = sign === '+' ? added : removed;
  const alone = isFile(change)
    ? list.map((version) => (version ? `${name}-${version}` : name)).join(', ')
    : `${name} ${versions(list)}`;
  const text = sign === '~' ? `${name}: ${versions(removed)} → ${versions(added)}` : alone;
  const where = users > 0 ? `, in ${counted(users, 'package')}` : '';
  return `${sign} ${text}${where}${certainty === 'probable' ? ', probably' : ''}`;
}

/** A missing version is Nix's `ε`. */
function versions(list: readonly string[]): string {
  return list.map((version) => version || 'ε').join(', ');
}

function workLine({ copied, exact }: ClosureChange, work: Work | undefined): string {
  const size = `, ${exact ? '' : 'about '}${formatSize(copied.bytes)}`;
  const isUnknown = copied.unsized > 0 && copied.unsized === copied.paths;
  const unsized = copied.unsized > 0 ? `${size} and ${copied.unsized} of unknown size` : size;
  const download = work?.download === undefined ? '' : `, ${formatSize(work.download)}`;
  return [
    ...(work && work.builds > 0 ? [`to build: ${counted(work.builds, 'derivation')}`] : []),
    ...(work && work.fetches > 0 ? [`to fetch: ${counted(work.fetches, 'path')}${download}`] : []),
    `to copy: ${counted(copied.paths, 'path')}${isUnknown ? ' of unknown size' : unsized}`,
  ].join('; ');
}
