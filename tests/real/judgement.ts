/** A prediction, held against what the real tool announced and did. */
import {
  predictSwitch,
  type ScopePrediction,
  type UnitChanges,
} from '../../lib/evaluation/prediction/predict.ts';
import type { Switching } from '../../schema/facts.ts';
import {
  announced,
  type Changes,
  isCompared,
  type Observed,
  observed,
  type Verb,
  type Visit,
  verbs,
} from './unit-changes.ts';

export interface Judgement {
  predicted: string[];
  whereActive: string[];
  /** Packages whose units may change, and those of them that did. */
  notPredicted: string[];
  unpredicted: string[];
  /** What happened, and was neither predicted nor said to depend on what is active or not to be predicted. */
  missed: string[];
  /** What was predicted, and did not happen. */
  wrong: string[];
}

export function judge(old: Switching, desired: Switching, seen: Visit): Judgement {
  const prediction = predictSwitch(old, desired);
  if (!prediction) throw new Error('these versions of NixOS are too old');
  const { system, user, reexecutes, unknownPackages } = prediction;
  const said = announced(seen.dry);
  const happened = observed(seen);
  // The boot's target starts a socket's service again after it was stopped.
  said.stops = said.stops.difference(happened.restarts);
  const inSessions = announced(seen.said, 'user units');
  // Each switch starts what is not active, and no line announces what is the same in both systems.
  const isSame = (unit: string) => old.units[unit] !== undefined && old.units[unit] === desired.units[unit];
  const unannounced = verbs.flatMap((verb) => [
    ...[...said[verb].union(happened[verb])]
      .filter((unit) => !predicts(system, verb, unit))
      .filter((unit) => !(verb === 'starts' && isSame(unit)))
      .map((unit) => ({ unit, what: `${verb} ${unit}` })),
    ...[...inSessions[verb]]
      .filter((unit) => !predicts(user, verb, unit))
      .map((unit) => ({ unit: `user/${unit}`, what: `${verb} ${unit} in sessions` })),
  ]);
  const isOfPackage = (unit: string) =>
    unknownPackages.length > 0 && old.units[unit] === undefined && desired.units[unit] === undefined;
  const missed = unannounced.filter(({ unit }) => !isOfPackage(unit)).map(({ what }) => what);
  const wrong = verbs.flatMap((verb) =>
    system[verb]
      .map(unitOf)
      .filter((unit) => isCompared(unit) && !holds(verb, unit, said, happened))
      .map((unit) => `${verb} ${unit}`),
  );
  const reexecuted = /^restarting systemd\.\.\.$/m.test(seen.said);
  if (reexecuted && !reexecutes) missed.push('re-executes systemd');
  if (!reexecuted && reexecutes) wrong.push('re-executes systemd');
  return {
    predicted: [...(reexecutes ? [`re-executes systemd (${reexecutes})`] : []), ...listed(system)],
    whereActive: listed(system.ifActive),
    notPredicted: unknownPackages,
    unpredicted: unannounced.filter(({ unit }) => isOfPackage(unit)).map(({ what }) => what),
    missed,
    wrong,
  };
}

function predicts({ ifActive, ...sure }: ScopePrediction, verb: Verb, unit: string): boolean {
  return [...sure[verb], ...ifActive[verb]].map(unitOf).includes(unit);
}

/** A unit that starts may end at once, or fail; of one that had failed, nothing is left to stop. */
function holds(verb: Verb, unit: string, said: Changes, happened: Observed): boolean {
  if (said[verb].has(unit) || happened[verb].has(unit)) return true;
  return verb === 'starts' ? happened.ran.has(unit) : happened.failed.has(unit);
}

function listed(changes: UnitChanges): string[] {
  return verbs.flatMap((verb) => {
    const units = changes[verb].filter((unit) => isCompared(unitOf(unit)));
    return units.length > 0 ? [`${verb} ${units.sort().join(', ')}`] : [];
  });
}

/** mnt-data.mount of /mnt/data. */
function unitOf(name: string): string {
  if (!name.startsWith('/')) return name;
  return `${name === '/' ? '-' : name.slice(1).replaceAll('-', '\\x2d').replaceAll('/', '-')}.mount`;
}
