import { sha256 } from '../../base/hash.ts';
import { isSet, type UnitText, wordsOf } from './unit-text.ts';

const marks = {
  /** Not started at boot: on demand, by a timer, a socket or another unit that is. */
  idle: 'idle',
  /** Started at boot, and over after it has done its work. */
  once: 'once',
  /** Started at boot if its conditions hold. */
  conditional: 'conditional',
  /** Adds to a unit whose other text a package brings. */
  addition: 'addition',
  /** X-ReloadIfChanged */
  reloads: 'reloads',
  /** Never restarted: X-RestartIfChanged=false, RefuseManualStop or X-OnlyManualStart. */
  kept: 'kept',
  /** X-StopIfChanged=false: restarted, and its sockets are not. */
  restarts: 'restarts',
  /** X-NotSocketActivated */
  unsocketed: 'unsocketed',
  /** X-StopOnRemoval=false */
  stays: 'stays',
  /** A target with X-StopOnReconfiguration. */
  reconfigures: 'reconfigures',
  /** Another name of a unit: what runs under it in one system may have a name of its own in another. */
  alias: 'alias',
} as const;

type UnitMark = keyof typeof marks;

/** What decides what a switch does to a unit. */
export interface UnitFact {
  /** Digest of all that makes a change a restart; empty where no change does. */
  text: string;
  /** Digests of what makes a change only a reload: X-Reload-Triggers, ExecReload, a mount's Options; empty without any. */
  triggers: string;
  execReload: string;
  options: string;
  marks: ReadonlySet<UnitMark>;
  /** Units whose stop or restart stops this one, too. */
  needs: readonly string[];
  /** Sockets that start it, other than that of the same name. */
  sockets: readonly string[];
}

/** Keys of [Unit] that switch-to-configuration does not compare. */
const ignored = new Set([
  ...['X-Reload-Triggers', 'Description', 'Documentation', 'OnFailure', 'OnSuccess', 'OnFailureJobMode'],
  ...['IgnoreOnIsolate', 'StopWhenUnneeded', 'RefuseManualStart', 'RefuseManualStop', 'AllowIsolate'],
  ...['CollectMode', 'SourcePath'],
]);

/** Kinds that a changed text never restarts. */
const neverRestarted = /\.(target|path|slice)$/;

/** What is known of a unit from its text alone: not whether it is started at boot. */
export function unitFact(name: string, unit: UnitText): UnitFact {
  const found = new Set<UnitMark>();
  const mark = (which: UnitMark, holds: boolean) => holds && found.add(which);
  mark('reloads', isSet(unit, 'Service', 'X-ReloadIfChanged'));
  mark('restarts', !isSet(unit, 'Service', 'X-StopIfChanged', true));
  mark('unsocketed', isSet(unit, 'Service', 'X-NotSocketActivated'));
  mark('stays', !isSet(unit, 'Unit', 'X-StopOnRemoval', true));
  mark(
    'kept',
    !isSet(unit, 'Service', 'X-RestartIfChanged', true) ||
      isSet(unit, 'Unit', 'RefuseManualStop') ||
      isSet(unit, 'Unit', 'X-OnlyManualStart'),
  );
  mark('reconfigures', name.endsWith('.target') && isSet(unit, 'Unit', 'X-StopOnReconfiguration'));
  mark('addition', isAddition(name, unit));
  return {
    text: neverRestarted.test(name) ? '' : digest(JSON.stringify(compared(unit))),
    triggers: digestOf(unit, 'Unit', 'X-Reload-Triggers'),
    execReload: digestOf(unit, 'Service', 'ExecReload'),
    options: digestOf(unit, 'Mount', 'Options'),
    marks: found,
    needs: wordsOf(unit, 'Unit', 'Requires', 'Requisite', 'BindsTo', 'PartOf'),
    sockets: wordsOf(unit, 'Service', 'Sockets'),
  };
}

/** A service without a command has its other text from a package. */
function isAddition(name: string, unit: UnitText): boolean {
  const keys = [...(unit.get('Service')?.keys() ?? [])];
  if (name.endsWith('.service')) return !keys.some((key) => /^Exec(Start|Stop)$/.test(key));
  return false;
}

/** Sections and keys that restart a unit when they change, in one order. A section that holds only other keys counts as absent. */
function compared(unit: UnitText): unknown[] {
  return [...unit]
    .map(([section, keys]) => [section, comparedKeys(section, keys)] as const)
    .filter(([section, keys]) => keys.length > 0 || !/^(Unit|Service)$/.test(section))
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function comparedKeys(section: string, keys: ReadonlyMap<string, readonly string[]>): unknown[] {
  return [...keys]
    .filter(
      ([key]) =>
        !(section === 'Unit' && ignored.has(key)) && !(section === 'Service' && key === 'ExecReload'),
    )
    .map(([key, values]) => (section === 'Mount' && key === 'Options' ? [key] : [key, values]))
    .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1));
}

function digestOf(unit: UnitText, section: string, key: string): string {
  const values = unit.get(section)?.get(key);
  return values === undefined ? '' : digest(JSON.stringify(values));
}

/** Eight digits: two texts of one unit are compared, never many. */
export function digest(text: string): string {
  return sha256(text).slice(0, 8);
}

/** One line: `0123456789 idle needs:postgresql.service`. */
export function formatUnitFact({
  text,
  triggers,
  execReload,
  options,
  marks,
  needs,
  sockets,
}: UnitFact): string {
  const named = { triggers, reload: execReload, options };
  return [
    text || '-',
    ...Object.entries(named).flatMap(([name, value]) => (value ? [`${name}:${value}`] : [])),
    ...[...marks].sort(),
    ...needs.map((unit) => `needs:${unit}`),
    ...sockets.map((unit) => `socket:${unit}`),
  ].join(' ');
}

export function parseUnitFact(line: string): UnitFact {
  const [text = '-', ...words] = line.split(' ');
  const all = (name: string) =>
    words.filter((word) => word.startsWith(`${name}:`)).map((word) => word.slice(name.length + 1));
  return {
    text: text === '-' ? '' : text,
    triggers: all('triggers').join(),
    execReload: all('reload').join(),
    options: all('options').join(),
    marks: new Set(words.filter((word): word is UnitMark => word in marks)),
    needs: all('needs'),
    sockets: all('socket'),
  };
}
