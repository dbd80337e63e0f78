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
  const selectors = selectorsOf(text);
  if (selectors.length === 0) throw nothing('no host is selected', text, hosts);
  for (const selector of selectors.map(positive)) {
    if (matching(selector, hosts).length === 0) throw nothing(`${selector} names no host`, selector, hosts);
  }
  const chosen = matchHosts(text, hosts);
  if (chosen.length === 0) throw nothing(`'${text}' excludes all hosts that it names`, text, hosts);
  return chosen;
}

/**
 * The same, where tags and globs may name no host, and so may all selectors together.
 * @throws FleetError config-invalid where the name of a host is wrong
 */
export function matchHosts(text: string, hosts: Tagged): string[] {
  const selectors = selectorsOf(text);
  for (const name of selectors.map(positive).filter((each) => !/[@*?[{]/.test(each)))
    if (!(name in hosts)) throw nothing(`${name} names no host`, name, hosts);
  const named = selectors.filter((each) => !isExclusion(each));
  const chosen = new Set(
    named.length > 0 ? named.flatMap((selector) => matching(selector, hosts)) : Object.keys(hosts),
  );
  for (const selector of selectors.filter(isExclusion))
    for (const host of matching(positive(selector), hosts)) chosen.delete(host);
  return [...chosen].sort();
}

function selectorsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

function positive(selector: string): string {
  return isExclusion(selector) ? selector.slice(1) : selector;
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
