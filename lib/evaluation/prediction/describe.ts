import type { Prediction, ScopePrediction, UnitChanges } from './predict.ts';

/** Longest list of names. */
const maxNames = 12;

/** A prediction in a few lines. What re-executes systemd is described elsewhere. */
export function describePrediction({ system, user, unknownPackages, activationLists }: Prediction): string[] {
  const changes = describeChanges(system);
  const ifActive = describeChanges({ ...system.ifActive, keeps: [] });
  const inSessions = describeChanges(anySession(user));
  return [
    ...(changes ? [`the switch ${changes}`] : []),
    ...(ifActive ? [`where active, the switch ${changes ? 'also ' : ''}${ifActive}`] : []),
    ...(inSessions ? [`in sessions of users, the switch ${inSessions}`] : []),
    ...(unknownPackages.length > 0
      ? [`not predicted: changes of units that packages bring (${names(unknownPackages)})`]
      : []),
    ...(activationLists ? ['not predicted: units that activation scripts restart or reload'] : []),
  ];
}

/** Which units a session runs is not known. */
function anySession({ ifActive, ...changes }: ScopePrediction): UnitChanges {
  const both = (part: keyof UnitChanges) => [...changes[part], ...ifActive[part]];
  return {
    restarts: both('restarts'),
    reloads: both('reloads'),
    stops: both('stops'),
    starts: both('starts'),
    keeps: both('keeps'),
  };
}

function describeChanges({ restarts, reloads, stops, starts, keeps }: UnitChanges): string {
  const parts = [
    ['restarts', restarts],
    ['reloads', reloads],
    ['stops', stops],
    ['starts', starts],
    ['does not restart', keeps],
  ] as const;
  return parts.flatMap(([verb, units]) => (units.length > 0 ? [`${verb} ${names(units)}`] : [])).join('; ');
}

function names(units: readonly string[]): string {
  const short = [...new Set(units)].sort().map((name) => name.replace(/\.service$/, ''));
  const more = short.length - maxNames;
  return more > 1 ? `${short.slice(0, maxNames).join(', ')} and ${more} more` : short.join(', ');
}
