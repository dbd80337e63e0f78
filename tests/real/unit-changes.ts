/** What a switch does to units: by the words of switch-to-configuration, and by the units before and after it. */
export interface Changes {
  restarts: Set<string>;
  reloads: Set<string>;
  stops: Set<string>;
  starts: Set<string>;
}

export type Verb = keyof Changes;

export const verbs: readonly Verb[] = ['restarts', 'reloads', 'stops', 'starts'];

/** One part of what visit.sh prints. */
export interface Visit {
  before: string;
  dry: string;
  said: string;
  after: string;
  started: string;
  /** Units that this or an earlier switch could not start: the boot may start a service before its socket. */
  failures: Set<string>;
}

export function parseVisits(text: string): Visit[] {
  const failed: string[] = [];
  return text
    .split(/^== before\n/m)
    .slice(1)
    .map((part) => {
      const [before = '', dry = '', said = '', after = '', started = ''] = part.split(/^== \w+\n/m);
      for (const [, unit = ''] of said.matchAll(/^Failed to start (\S+)$/gm)) failed.push(unit);
      return { before, dry, said, after, started, failures: new Set(failed) };
    });
}

/** By the words of dry-activate: it names no units that only come with others, and no new ones. */
export function announced(text: string, of: 'units' | 'user units' = 'units'): Changes {
  const listed = (verb: RegExp) =>
    text
      .split('\n')
      .flatMap((line) => new RegExp(`^(?:${verb.source}) the following ${of}: (.*)$`).exec(line)?.[1] ?? [])
      .flatMap((names) => names.split(', '))
      .filter(isCompared);
  const stops = new Set(listed(/would stop|stopping/));
  const starts = new Set(listed(/would start|starting/));
  const restarts = listed(/would restart|restarting/);
  return {
    restarts: new Set([...restarts, ...[...stops].filter((name) => starts.has(name))]),
    reloads: new Set(listed(/would reload|reloading/)),
    stops: stops.difference(starts),
    starts: starts.difference(stops),
  };
}

interface UnitState {
  state: string;
  /** Another one after each start. */
  invocation: string;
}

export interface Observed extends Changes {
  /** Was started at least once. */
  ran: Set<string>;
  /** Had failed before, or could not be started. */
  failed: Set<string>;
}

/** By the units before and after; no trace of a reload is left but the words. */
export function observed({ before, said, after, started, failures }: Visit): Observed {
  const [old, now] = [unitStates(before), unitStates(after)];
  const changes = { restarts: new Set<string>(), stops: new Set<string>(), starts: new Set<string>() };
  const ran = new Set(started.split('\n').filter(Boolean));
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const [one, other] = [old.get(name), now.get(name)];
    const isNew = other !== undefined && other.invocation !== '' && other.invocation !== one?.invocation;
    if (isNew) ran.add(name);
    if (isUp(one) && isUp(other) && isNew) changes.restarts.add(name);
    // One that fails to start again was not stopped.
    else if (isUp(one) && !isUp(other) && other?.state !== 'failed' && !failures.has(name))
      changes.stops.add(name);
    else if (!isUp(one) && isUp(other)) changes.starts.add(name);
  }
  const failed = new Set([...old].flatMap(([name, { state }]) => (state === 'failed' ? [name] : [])));
  return { ...changes, reloads: announced(said).reloads, ran, failed: failed.union(failures) };
}

/** Units of the system's configuration: switch-to-configuration touches no others. */
function unitStates(text: string): Map<string, UnitState> {
  const units = new Map<string, UnitState>();
  for (const block of text.split('\n\n')) {
    const values = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const name = values.get('Id') ?? '';
    if (!values.get('FragmentPath')?.startsWith('/etc/systemd/system/') || !isCompared(name)) continue;
    units.set(name, {
      state: values.get('ActiveState') ?? '',
      invocation: values.get('InvocationID') ?? '',
    });
  }
  return units;
}

function isUp(unit: UnitState | undefined): boolean {
  return unit !== undefined && /^(active|activating|reloading)$/.test(unit.state);
}

/** Targets and slices run nothing; logins come and go. */
export function isCompared(name: string): boolean {
  return !/\.(target|slice|scope)$|^(user|user-runtime-dir)@|^nixos-activation\.service$/.test(name);
}
