/** A name around its last number. */
interface Numbered {
  name: string;
  before: string;
  /** Empty for a name without a number. */
  digits: string;
  after: string;
}

/**
 * Names in their natural order, with runs of numbers as ranges: `db, web1…web40, web42`. A run has at least three names that differ
 * in their last number alone. Numbers with leading zeros have one width: `web08…web11`.
 * @param limit how many names and ranges are written; of the others, their number
 */
export function formatNames(names: Iterable<string>, limit = Number.POSITIVE_INFINITY): string {
  const all = ranges(names);
  const left = all.slice(limit).reduce((sum, { count }) => sum + count, 0);
  const shown = all
    .slice(0, limit)
    .map(({ text }) => text)
    .join(', ');
  return left > 0 ? `${shown} and ${left} more` : shown;
}

function ranges(names: Iterable<string>): { text: string; count: number }[] {
  const sorted = [...new Set(names)].map(parse).sort(compare);
  const found: { text: string; count: number }[] = [];
  for (let at = 0; at < sorted.length; ) {
    let end = at + 1;
    while (isNext(sorted[end - 1], sorted[end])) end += 1;
    const run = sorted.slice(at, end).map(({ name }) => name);
    if (run.length < 3) found.push(...run.map((text) => ({ text, count: 1 })));
    else found.push({ text: `${run[0]}…${run.at(-1)}`, count: run.length });
    at = end;
  }
  return found;
}

function parse(name: string): Numbered {
  const [, before = name, digits = '', after = ''] = /^(.*?)(\d+)(\D*)$/s.exec(name) ?? [];
  return { name, before, digits, after };
}

/** By what is before the number, then by the number. */
function compare(one: Numbered, other: Numbered): number {
  if (one.before !== other.before) return one.before < other.before ? -1 : 1;
  if (one.after !== other.after) return one.after < other.after ? -1 : 1;
  const [a, b] = [BigInt(one.digits || 0), BigInt(other.digits || 0)];
  if (a !== b) return a < b ? -1 : 1;
  return one.digits.length - other.digits.length;
}

function isNext(one: Numbered | undefined, other: Numbered | undefined): boolean {
  if (!one?.digits || !other?.digits || one.before !== other.before || one.after !== other.after)
    return false;
  if (BigInt(one.digits) + 1n !== BigInt(other.digits)) return false;
  const isPadded = [one, other].some(({ digits }) => digits.length > 1 && digits.startsWith('0'));
  return !isPadded || one.digits.length === other.digits.length;
}
