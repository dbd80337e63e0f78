/** A line of a plan, about a machine. */
export interface Item {
  kind: 'operation' | 'consequence' | 'package' | 'fact';
  /** What the text is one of, such as `the switch restarts`; empty for a text that stands alone. */
  list: string;
  text: string;
}

export interface Group {
  names: string[];
  items: Item[];
}

/**
 * Items by the machines that share them: one group for each set of machines. Groups of many machines come first; names and items keep
 * their order.
 */
export function groupEqualItems(all: readonly { name: string; items: readonly Item[] }[]): Group[] {
  const shared = new Map<string, { item: Item; names: string[] }>();
  for (const { name, items } of all) {
    for (const item of items) {
      const key = JSON.stringify([item.kind, item.list, item.text]);
      const found = shared.get(key) ?? { item, names: [] };
      if (!found.names.includes(name)) found.names.push(name);
      shared.set(key, found);
    }
  }
  const groups = new Map<string, Group>();
  for (const { item, names } of shared.values()) {
    const key = JSON.stringify(names);
    const group = groups.get(key) ?? { names, items: [] };
    group.items.push(item);
    groups.set(key, group);
  }
  return [...groups.values()].sort((one, other) => other.names.length - one.names.length);
}

/** The unit of one switch on one machine. */
const switchUnit = /\bnixos-fleet-\d{8}-\d{6}-[0-9a-f]+\b/g;

/** Each text once, with the names that have it. */
export function groupEqualTexts(
  all: readonly { name: string; text: string }[],
): { names: string[]; text: string }[] {
  const texts = new Map<string, { names: string[]; text: string }>();
  for (const { name, text } of all) {
    // The same error of two machines may have their names in it, and names their units.
    const key = (name === '' ? text : text.replaceAll(name, '\0')).replace(switchUnit, '\0');
    const found = texts.get(key) ?? { names: [], text };
    if (!found.names.includes(name)) found.names.push(name);
    if (found.text !== text) found.text = found.text.replace(switchUnit, "'nixos-fleet-*'");
    texts.set(key, found);
  }
  return [...texts.values()];
}
