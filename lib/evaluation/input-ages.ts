const daySeconds = 24 * 3600;

/**
 * What a preview says of the ages of a flake's inputs: one line of them all, the oldest first, and a warning of each that is past the
 * limit.
 * @param inputs name to when it was last changed, in seconds since 1970
 */
export function describeInputs(
  inputs: Readonly<Record<string, number>>,
  { now, maxAgeDays }: { now: number; maxAgeDays?: number | undefined },
): { note: string | undefined; warnings: string[] } {
  const ages = Object.entries(inputs)
    .map(([name, changed]) => ({ name, changed, days: daysSince(changed, now) }))
    .sort((a, b) => b.days - a.days || (a.name < b.name ? -1 : 1));
  if (ages.length === 0) return { note: undefined, warnings: [] };
  const shown = ages.map(
    ({ name, changed, days }) => `${name} of ${isoDay(changed)} (${inWords(Math.floor(days))})`,
  );
  const old = maxAgeDays === undefined ? [] : ages.filter(({ days }) => days > maxAgeDays);
  return {
    note: `inputs of the flake: ${shown.join(', ')}`,
    warnings: old.map(
      ({ name, days }) =>
        `the flake’s input ${name} is ${inWords(Math.floor(days))} old, and inputMaxAgeDays is ${maxAgeDays}: npm run update -- ${name}`,
    ),
  };
}

/** A day as `2026-11-26`, from seconds since 1970. */
export function isoDay(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** How long before `now` something was changed, in whole days: `12 days`. Both are seconds since 1970. */
export function ageInWords(changed: number, now: number): string {
  return inWords(Math.floor(daysSince(changed, now)));
}

/** A clock that is behind makes nothing younger than new. */
function daysSince(changed: number, now: number): number {
  return Math.max(0, (now - changed) / daySeconds);
}

function inWords(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}
