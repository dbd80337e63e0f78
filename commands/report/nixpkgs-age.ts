import { formatNames } from '../../lib/base/name-ranges.ts';
import { counted } from '../../lib/base/text.ts';
import { ageInWords, isoDay } from '../../lib/evaluation/input-ages.ts';
import type { RecordedHost } from './recorded-fleet.ts';

/** The day of the nixpkgs in a label such as `26.05.20261118.5d6e7f8`, in seconds since 1970; undefined for a label of another form. */
function nixpkgsDay(label: string): number | undefined {
  const [, year, month, day] = /\.(20\d\d)(\d\d)(\d\d)\.(?:[0-9a-f]{7,}|dirty)/.exec(label) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(time) ? undefined : time / 1000;
}

/** `2026-11-18 (10 days)` */
export function nixpkgsOf(label: string, now: Date): string | undefined {
  const day = nixpkgsDay(label);
  return day === undefined ? undefined : `${isoDay(day)} (${ageInWords(day, now.getTime() / 1000)})`;
}

/** Where more machines have the same nixpkgs, they are counted. */
const fewMachines = 4;

/** The ages of the nixpkgs that machines were deployed with, the oldest first; undefined if no label has one. */
export function nixpkgsAges(machines: readonly RecordedHost[], now: Date): string | undefined {
  const byDay = new Map<number, string[]>();
  for (const { name, facts } of machines) {
    const day = nixpkgsDay(facts?.nixosLabel ?? '');
    if (day !== undefined) byDay.set(day, [...(byDay.get(day) ?? []), name]);
  }
  if (byDay.size === 0) return undefined;
  const ages = [...byDay]
    .sort(([one], [other]) => one - other)
    .map(([day, names]) => {
      const on = names.length > fewMachines ? counted(names.length, 'machine') : formatNames(names);
      return `${ageInWords(day, now.getTime() / 1000)} (${isoDay(day)}) on ${on}`;
    });
  return `age of nixpkgs: ${ages.join('; ')}`;
}
