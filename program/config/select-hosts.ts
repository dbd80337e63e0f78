import { matchesGlob } from 'node:path';
import { FleetError } from '../../lib/base/errors.ts';
import { closest } from '../../lib/base/text.ts';

/** What selectors look at. */
type Tagged = Readonly<Record<string, { tags?: readonly string[] | undefined }>>;

/**
 * The hosts that a list of selectors names, sorted: `web1` a host, `web*` all hosts that match, `@eu` all with the tag (`@eu-*`: with
 * a tag that matches), `!db1` not this one. Without a selector other than exclusions, all hosts but these. The order does not matter.
 * @param text selectors, separated by commas or spaces
 * @throws FleetError config-invalid where a selector or the whole list names no host
 */
export function selectHosts(text: string, hosts: Tagged): string[] {
  const selectors = text.split(/[\s,]+/).filter(Boolean);
  if (selectors.length === 0) throw nothing('no host is selected', text, hosts);
  const named = (selector: string): string[] => {
    const found = matching(selector, hosts);
    if (found.length === 0) throw nothing(`${selector} names no host`, selector, hosts);
    return found;
  };
  const [without, positive] = [selectors.filter(isExclusion), selectors.filter((each) => !isExclusion(each))];
  const chosen = new Set(positive.length > 0 ? positive.flatMap(named) : Object.keys(hosts));
  for (const selector of without) for (const host of named(selector.slice(1))) chosen.delete(host);
  if (chosen.size === 0) throw nothing(`'${text}' excludes all hosts that it names`, text, hosts);
  return [...chosen].sort();
}

function isExclusion(selector: string): boolean {
  return selector.startsWith('!');
}

function matching(selector: string, hosts: Tagged): string[] {
  const matches = (name: string, pattern: string) => name === pattern || matchesGlob(name, pattern);
  return Object.entries(hosts)
    .filter(([name, { tags = [] }]) =>
      selector.startsWith('@')
        ? tags.some((tag) => matches(tag, selector.slice(1)))
        : matches(name, selector),
    )
    .map(([name]) => name);
}

function nothing(what: string, selector: string, hosts: Tagged): FleetError {
  const names = Object.keys(hosts).sort();
  const tags = [...new Set(Object.values(hosts).flatMap(({ tags = [] }) => tags))].sort();
  const isTag = selector.startsWith('@');
  const guess = closest(isTag ? selector.slice(1) : selector, isTag ? tags : names);
  return new FleetError({
    code: 'config-invalid',
    what,
    why: `hosts: ${names.join(', ')}; tags: ${tags.map((tag) => `@${tag}`).join(', ') || 'none'}`,
    fix: guess
      ? `Did you mean ${isTag ? '@' : ''}${guess}?`
      : "Name hosts, globs or tags, separated by commas: --on 'web*,@eu,!db1'",
  });
}
