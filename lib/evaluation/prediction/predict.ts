import type { Switching } from '../../../schema/facts.ts';
import { parseUnitFact, type UnitFact } from './unit-fact.ts';

/** Units by what a switch does to them. */
export interface UnitChanges {
  restarts: string[];
  reloads: string[];
  stops: string[];
  starts: string[];
  /** Changed units that go on with their old text. */
  keeps: string[];
}

export interface ScopePrediction extends UnitChanges {
  /** What happens to units that may not be active: those on demand, those that end by themselves, those with conditions. */
  ifActive: UnitChanges;
}

export interface Prediction {
  system: ScopePrediction;
  /** Units in the sessions of users. */
  user: ScopePrediction;
  reexecutes: 'systemd' | 'system.conf' | undefined;
  /** Packages whose units may change: they are files that are not read before the build. */
  unknownPackages: string[];
  /** Activation scripts may restart and reload more units. */
  activationLists: boolean;
}

type Units = ReadonlyMap<string, UnitFact>;

/**
 * Predicts a switch by the rules of switch-to-configuration: of two systems, not of a machine, so that it knows which units are
 * started at boot, and not which are active. Undefined for NixOS before 22.05, whose rules are others.
 */
export function predictSwitch(old: Switching, desired: Switching): Prediction | undefined {
  if (isBefore(desired.release, '22.05')) return undefined;
  const isRecent = !isBefore(desired.release, '26.11');
  const [before, after] = [unitsOf(old), unitsOf(desired)];
  const unknownPackages = [...new Set([...Object.keys(old.packages), ...Object.keys(desired.packages)])]
    .filter((name) => old.packages[name] !== desired.packages[name])
    .sort();
  const reexecutes =
    old.systemd !== desired.systemd
      ? 'systemd'
      : old.systemConf !== desired.systemConf
        ? 'system.conf'
        : undefined;
  if (reexecutes === 'systemd') unknownPackages.unshift('systemd');
  const system = predictScope(before.system, after.system, isRecent);
  const { mounts } = desired;
  for (const [at, now] of Object.entries(mounts)) predictMount(system, at, old.mounts[at], now);
  for (const at of Object.keys(old.mounts)) if (!mounts[at]) system.stops.push(at);
  for (const device of Object.keys(old.swaps)) if (!desired.swaps[device]) system.stops.push(device);
  for (const device of Object.keys(desired.swaps)) if (!old.swaps[device]) system.starts.push(device);
  return {
    system,
    // Earlier versions restart no unit of users.
    user: isRecent ? predictScope(before.user, after.user, isRecent) : nothing(),
    reexecutes,
    unknownPackages,
    activationLists: desired.activationLists === true,
  };
}

function nothing(): ScopePrediction {
  const changes = () => ({ restarts: [], reloads: [], stops: [], starts: [], keeps: [] });
  return { ...changes(), ifActive: changes() };
}

function predictScope(before: Units, after: Units, isRecent: boolean): ScopePrediction {
  const prediction = nothing();
  const stopped = new Set<string>();
  for (const [name, now] of after) {
    const old = before.get(name);
    if (!old) {
      predictNew(prediction, name, now);
      continue;
    }
    // What runs under it has another name.
    if (old.marks.has('alias')) continue;
    const into = isSureToRun(old) && isSureToRun(now) ? prediction : prediction.ifActive;
    // The restart of a target that others are part of; by itself it is no news.
    if (now.marks.has('reconfigures')) stopped.add(name);
    if (now.text !== old.text || (!isRecent && addedOrChanged(old, now, 'execReload'))) {
      predictChanged(prediction, into, name, now, { before, after, stopped });
    } else if (needsReload(old, now)) into.reloads.push(name);
    else if (now.marks.has('once') ? old.marks.has('idle') : isSureToRun(now) && old.marks.has('idle'))
      prediction.ifActive.starts.push(name);
  }
  for (const [name, old] of before) {
    if (after.has(name) || old.marks.has('stays') || old.marks.has('alias')) continue;
    (isSureToRun(old) ? prediction : prediction.ifActive).stops.push(name);
    stopped.add(name);
  }
  spread(prediction, after, stopped);
  return prediction;
}

function predictNew(prediction: ScopePrediction, name: string, now: UnitFact): void {
  if (/\.(target|slice)$/.test(name) || now.marks.has('idle') || now.marks.has('alias')) return;
  (now.marks.has('conditional') ? prediction.ifActive : prediction).starts.push(name);
}

function predictChanged(
  prediction: ScopePrediction,
  into: UnitChanges,
  name: string,
  now: UnitFact,
  { before, after, stopped }: { before: Units; after: Units; stopped: Set<string> },
): void {
  if (name === '-.mount' || name === 'nix.mount') {
    into.reloads.push(name);
  } else if (name.endsWith('.mount')) {
    into.restarts.push(name);
    stopped.add(name);
  } else if (name.endsWith('.socket')) {
    into.keeps.push(name);
  } else if (now.marks.has('reloads')) {
    into.reloads.push(name);
  } else if (now.marks.has('kept')) {
    into.keeps.push(name);
  } else if (now.marks.has('once')) {
    // Each switch starts it again.
    prediction.starts.push(name);
  } else {
    stopped.add(name);
    const sockets = name.endsWith('.service') && !now.marks.has('restarts') ? socketsOf(name, now) : [];
    const active = sockets.filter((socket) => before.has(socket));
    for (const socket of active) (after.has(socket) ? into.restarts : into.stops).push(socket);
    const isSocketActivated = sockets.some((socket) => after.has(socket)) && !now.marks.has('unsocketed');
    // A target that wants it starts it again nevertheless.
    (isSocketActivated && now.marks.has('idle') ? into.stops : into.restarts).push(name);
  }
}

function socketsOf(name: string, { sockets }: UnitFact): readonly string[] {
  return sockets.length > 0 ? sockets : [name.replace(/(@.*)?\.service$/, '.socket')];
}

/** Units that need a unit that is stopped or restarted go with it; those that are started at boot come back. */
function spread(prediction: ScopePrediction, after: Units, stopped: ReadonlySet<string>): void {
  const { ifActive } = prediction;
  const isListed = (name: string) =>
    [prediction, ifActive].some(({ restarts, stops }) => restarts.includes(name) || stops.includes(name));
  const reached = new Set(stopped);
  const isSure = (name: string) => prediction.restarts.includes(name) || prediction.stops.includes(name);
  for (const cause of reached) {
    for (const [name, fact] of after) {
      if (reached.has(name) || fact.marks.has('alias') || !fact.needs.includes(cause)) continue;
      reached.add(name);
      if (isListed(name) || /\.(target|slice)$/.test(name)) continue;
      const sure = isSureToRun(fact) && (isSure(cause) || after.get(cause)?.marks.has('reconfigures'));
      (sure ? prediction : ifActive).restarts.push(name);
      const others = (list: string[]) => list.filter((other) => other !== name);
      for (const changes of [prediction, ifActive]) changes.reloads = others(changes.reloads);
    }
  }
}

function predictMount(system: ScopePrediction, at: string, old: string | undefined, now: string): void {
  if (old === undefined) {
    if (!/ (automount|noauto)$/.test(now)) system.starts.push(at);
    return;
  }
  const [device, options] = now.split(' ');
  const [oldDevice, oldOptions] = old.split(' ');
  const isFixed = at === '/' || at === '/nix';
  if (device !== oldDevice && !isFixed) system.restarts.push(at);
  else if (options !== oldOptions) system.reloads.push(at);
  else if (device !== oldDevice) system.keeps.push(at);
}

function needsReload(old: UnitFact, now: UnitFact): boolean {
  return (['triggers', 'execReload', 'options'] as const).some((part) => addedOrChanged(old, now, part));
}

function addedOrChanged(old: UnitFact, now: UnitFact, part: 'triggers' | 'execReload' | 'options'): boolean {
  return now[part] !== '' && now[part] !== old[part];
}

/** Whether it is active on a healthy machine, or is started by each switch. What a package brings may have conditions. */
function isSureToRun({ marks }: UnitFact): boolean {
  return !(['idle', 'once', 'conditional', 'addition'] as const).some((mark) => marks.has(mark));
}

function unitsOf({ units }: Switching): { system: Units; user: Units } {
  const facts = Object.entries(units).map(([name, line]) => [name, parseUnitFact(line)] as const);
  const isUser = (name: string) => name.startsWith('user/');
  return {
    system: new Map(facts.filter(([name]) => !isUser(name))),
    user: new Map(
      facts.filter(([name]) => isUser(name)).map(([name, fact]) => [name.slice('user/'.length), fact]),
    ),
  };
}

/** Without a release, as in the lab, the rules are the newest. */
function isBefore(release: string, other: string): boolean {
  return /^\d\d\.\d\d/.test(release) && release < other;
}
