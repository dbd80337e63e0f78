import type { RawUnit } from '../raw-facts.ts';
import { type UnitFact, unitFact } from './unit-fact.ts';
import { parseUnitText, type UnitText, wordsOf } from './unit-text.ts';

/** Targets that every system reaches; sysinit-reactivation.target is started by each switch. */
const systemTargets = [
  ...['multi-user', 'basic', 'sysinit', 'sysinit-reactivation', 'timers', 'sockets', 'paths', 'slices'],
  ...['local-fs', 'remote-fs', 'swap', 'getty', 'network', 'cryptsetup'],
].map((name) => `${name}.target`);

const userTargets = ['default', 'basic', 'timers', 'sockets', 'paths'].map((name) => `${name}.target`);

/** Services that systemd's own units start, so that no wantedBy shows it. In containers there is no udevd. */
const startedBySystemd = ['systemd-journald', 'systemd-logind', 'dbus', 'dbus-broker'].map(
  (name) => `${name}.service`,
);

/** Services of systemd without conditions that matter. */
const unconditional = [...startedBySystemd, 'systemd-udevd.service'].concat(
  ['systemd-networkd', 'systemd-resolved'].map((name) => `${name}.service`),
);

/** Services that systemd brings, and that stop and restart with one that NixOS configures. */
const boundInSystemd = {
  'systemd-networkd-persistent-storage.service': 'systemd-networkd.service',
};

export interface UnitsAtBoot {
  scope: 'system' | 'user';
  /** The target of the boot. */
  defaultTarget: string;
  container: boolean;
}

/** Facts of the units that a switch may touch, by name. */
export function unitFacts(
  raw: Readonly<Record<string, RawUnit>>,
  { scope, defaultTarget, container }: UnitsAtBoot,
): Map<string, UnitFact> {
  const enabled = new Map(Object.entries(raw).filter(([, unit]) => unit.enable));
  const texts = new Map([...enabled].map(([name, unit]) => [name, parseUnitText(unit.text)]));
  const pulls = dependencies(enabled, texts);
  const bySystemd = scope === 'user' ? ['dbus.service', 'dbus-broker.service'] : startedBySystemd;
  const started = reachable(pulls.wants, [
    ...(scope === 'user' ? userTargets : [...systemTargets, defaultTarget]),
    ...bySystemd,
    ...(container ? [] : ['systemd-udevd.service']),
  ]);
  const facts = new Map<string, UnitFact>();
  // Instances that have no text of their own run with their template's.
  const instances = [...started].filter((name) => !enabled.has(name) && texts.has(templateOf(name) ?? ''));
  for (const name of [...enabled.keys(), ...instances]) {
    const text = textOf(name, enabled, texts);
    const fact = unitFact(name, text);
    const isAlways = unconditional.includes(name);
    const mark = markOf(name, text, { isStarted: started.has(name), isAlways });
    const marks = new Set([...fact.marks, ...(mark ? [mark] : [])]);
    if (isAlways) marks.delete('addition');
    const needs = [...new Set([...fact.needs, ...(pulls.requires.get(name) ?? [])])].filter(
      (unit) => enabled.has(unit) && !startsOnly.has(unit),
    );
    facts.set(name, { ...fact, marks, needs: needs.sort() });
  }
  for (const [name, { aliases }] of enabled) {
    const fact = facts.get(name);
    if (!fact) continue;
    const marks = new Set([...fact.marks, 'alias' as const]);
    for (const alias of aliases) facts.set(alias, { ...fact, marks });
  }
  if (scope === 'system') {
    for (const [name, needed] of Object.entries(boundInSystemd)) {
      if (!facts.has(needed) || facts.has(name)) continue;
      const text = parseUnitText(`[Unit]\nBindsTo=${needed}`);
      facts.set(name, { ...unitFact(name, text), marks: new Set(['conditional']) });
    }
  }
  return facts;
}

/** Targets that no switch stops, although each starts them. */
const startsOnly = new Set(systemTargets);

function markOf(
  name: string,
  text: UnitText,
  { isStarted, isAlways }: { isStarted: boolean; isAlways: boolean },
): 'idle' | 'once' | 'conditional' | undefined {
  if (!isStarted || /@\.\w+$/.test(name)) return 'idle';
  // Machines have the capabilities that services of networks check for.
  const conditions = [...(text.get('Unit')?.keys() ?? [])].some(
    (key) => /^(Condition|Assert)/.test(key) && key !== 'ConditionCapability',
  );
  if (conditions && !isAlways) return 'conditional';
  const isOneshot = wordsOf(text, 'Service', 'Type').at(-1) === 'oneshot';
  const remains = /^(1|yes|true|on)$/.test(wordsOf(text, 'Service', 'RemainAfterExit').at(-1) ?? '');
  return isOneshot && !remains ? 'once' : undefined;
}

/** The text of a unit; of an instance, what its template has and then its own. */
function textOf(
  name: string,
  units: ReadonlyMap<string, RawUnit>,
  texts: ReadonlyMap<string, UnitText>,
): UnitText {
  const own = units.get(name)?.text ?? '';
  const template = units.get(templateOf(name) ?? '');
  return (template ? parseUnitText(`${template.text}\n${own}`) : texts.get(name)) ?? parseUnitText(own);
}

/** getty@.service of getty@tty1.service. */
function templateOf(name: string): string | undefined {
  const [, prefix, suffix] = /^([^@]*)@.+\.(\w+)$/.exec(name) ?? [];
  return prefix === undefined ? undefined : `${prefix}@.${suffix}`;
}

/** What each unit starts, and what else than its text makes it require. */
function dependencies(
  units: ReadonlyMap<string, RawUnit>,
  texts: ReadonlyMap<string, UnitText>,
): { wants: Map<string, string[]>; requires: Map<string, string[]> } {
  const wants = new Map<string, string[]>();
  const requires = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, from: string, to: string) =>
    map.set(from, [...(map.get(from) ?? []), to]);
  const mounts = [...texts].flatMap(([name, text]) =>
    wordsOf(text, 'Mount', 'Where').map((where) => ({ name, where: where.replace(/\/*$/, '/') })),
  );
  const mountsFor = (paths: readonly string[]) =>
    mounts.filter(({ where }) => paths.some((path) => `${path}/`.startsWith(where))).map(({ name }) => name);
  for (const [name, { wantedBy, requiredBy: requirers, upheldBy }] of units) {
    for (const from of [...wantedBy, ...requirers, ...upheldBy]) add(wants, from, name);
    for (const from of requirers) add(requires, from, name);
    const text = texts.get(name) ?? parseUnitText('');
    for (const to of wordsOf(text, 'Unit', 'Wants', 'Requires', 'BindsTo', 'Upholds')) add(wants, name, to);
    for (const to of mountsFor(wordsOf(text, 'Unit', 'WantsMountsFor'))) add(wants, name, to);
    for (const to of mountsFor(wordsOf(text, 'Unit', 'RequiresMountsFor'))) {
      add(wants, name, to);
      add(requires, name, to);
    }
  }
  return { wants, requires };
}

function reachable(edges: ReadonlyMap<string, readonly string[]>, roots: readonly string[]): Set<string> {
  const found = new Set<string>(roots);
  // A set that grows while it is walked is walked to its end.
  for (const name of found) for (const to of edges.get(name) ?? []) found.add(to);
  return found;
}
