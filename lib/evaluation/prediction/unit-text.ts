/** Sections of a unit's text: key to values. A text of overrides follows the text that it overrides. */
export type UnitText = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** Reads a unit as switch-to-configuration does: an empty value removes earlier ones, and [Install] does not count. */
export function parseUnitText(text: string): UnitText {
  const sections = new Map<string, Map<string, string[]>>();
  let section: Map<string, string[]> | undefined;
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    const title = /^\[(.+)\]$/.exec(line)?.[1];
    if (title !== undefined) {
      section = sections.get(title) ?? new Map();
      sections.set(title, section);
      continue;
    }
    const equals = line.indexOf('=');
    if (!section || equals < 0 || /^[#;]/.test(line)) continue;
    const [key, value] = [line.slice(0, equals).trimEnd(), line.slice(equals + 1).trimStart()];
    section.set(key, value === '' ? [] : [...(section.get(key) ?? []), value]);
  }
  sections.delete('Install');
  return sections;
}

/** The words of all values of a key. */
export function wordsOf(unit: UnitText, section: string, ...keys: string[]): string[] {
  return keys.flatMap((key) =>
    (unit.get(section)?.get(key) ?? []).flatMap((value) => value.split(/\s+/).filter(Boolean)),
  );
}

/** A boolean of a unit, or the default where it is not set. */
export function isSet(unit: UnitText, section: string, key: string, whenAbsent = false): boolean {
  const last = unit.get(section)?.get(key)?.at(-1);
  return last === undefined ? whenAbsent : /^(1|yes|true|on)$/.test(last);
}
