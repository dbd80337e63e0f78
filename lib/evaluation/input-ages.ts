import { counted } from '../base/text.ts';

const daySeconds = 24 * 3600;

/**
 * The ages of a flake's inputs for a preview: one line with all of them, the oldest first, and a warning for each that is older
 * than the limit.
 * @param inputs name to the time of the last change, in seconds since 1970
 */
export function describeInputs(
  inputs: Readonly<Record<string, number>>,
  { now, maxAgeDays }: { now: number; maxAgeDays?: number | undefined },
): { note: string | undefined; warnings: string[] } {
  const ages = Object.entries(inputs)
    .map(([name, changed]) => ({ name, changed, days: daysSince(changed, now) }))
    .sort((a, b) => b.days - a.days || (a.name < b.name ? -1 : 1));
  if (ages.length === 0) return { note: undefined, warnings: [] };
  const shown = ages.map(({ name, changed, days }) => `${name} of ${isoDay(changed)} (${wholeDays(days)})`);
  const old = maxAgeDays === undefined ? [] : ages.filter(({ days }) => days > maxAgeDays);
  return {
    note: `inputs of the flake: ${shown.join(', ')}`,
    warnings: old.map(
      ({ name, days }) =>
        `the flake’s input ${name} is ${wholeDays(days)} old, and inputMaxAgeDays is ${maxAgeDays}: npm run update -- ${name}`,
    ),
  };
}

/** A day as `2026-11-26`, from seconds since 1970. */
export function isoDay(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** Time between a change and `now` in whole days: `12 days`. Both are seconds since 1970. */
export function ageInWords(changed: number, now: number): string {
  return wholeDays(daysSince(changed, now));
}

/** 0 for a time in the future: a clock may be behind. */
function daysSince(changed: number, now: number): number {
  return Math.max(0, (now - changed) / daySeconds);
}

function wholeDays(days: number): string {
  return counted(Math.floor(days), 'day');
}
