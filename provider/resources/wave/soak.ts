import { type Clock, realClock } from '../../../lib/base/clock.ts';
import { FleetError } from '../../../lib/base/errors.ts';
import { pause } from '../../../lib/base/until.ts';
import { checkGates } from '../../../lib/machine/health/gates.ts';
import { runHealthChecks } from '../../../lib/machine/health/health-checks.ts';
import { machineAt } from '../../../lib/machine/ssh/machine-at.ts';
import type { PlannedWave, WaveInputs } from '../../../schema/rollout.ts';
import type { Context } from '../../resource.ts';
import type { Outcome } from '../../rollout/rollout-run.ts';

/** Seconds between two checks of the gates in a soak. */
const intervalSeconds = 30;

/**
 * Waits until all machines of a wave have run their systems for its soak, checking its gates at first, throughout and at the end; and
 * at the end the machines' own health checks. A soak that was interrupted is not begun again: what counts is since when they run.
 * @throws FleetError gate-failed, cancelled
 */
export async function soak(
  planned: PlannedWave,
  { machines }: Pick<WaveInputs, 'machines'>,
  outcomes: Readonly<Record<string, Outcome>>,
  { signal, status }: Pick<Context, 'signal' | 'status'>,
  { clock = realClock, now = Date.now }: { clock?: Clock; now?: () => number } = {},
): Promise<void> {
  const { soakMinutes } = planned;
  const end = soakEnd(soakMinutes, outcomes);
  const options = { signal, clock, onLine: status };
  for (;;) {
    refuse(planned, await checkGates(planned.gates, options));
    const left = (end - now()) / 1000;
    if (left <= 0) break;
    status(`soaking: ${minutes(left)} of ${minutes(soakMinutes * 60)} left`);
    await pause(Math.min(left, intervalSeconds), clock, signal);
  }
  // Without a soak they were just checked, before each machine was confirmed.
  if (soakMinutes === 0) return;
  const deployed = Object.entries(machines).filter(([host]) => outcomes[host]?.kind === 'deployed');
  const checks = deployed.map(async ([host, { connection, healthChecks }]) =>
    (await runHealthChecks(machineAt(host, connection), healthChecks, options)).map(
      (message) => `${host}: ${message}`,
    ),
  );
  refuse(planned, (await Promise.all(checks)).flat());
}

/** When the machine that was switched last has run its system for this long: milliseconds of the epoch. */
export function soakEnd(soakMinutes: number, outcomes: Readonly<Record<string, Outcome>>): number {
  const since = Object.values(outcomes).map((outcome) =>
    outcome.kind === 'deployed' ? Date.parse(outcome.since) || 0 : 0,
  );
  return Math.max(0, ...since) + soakMinutes * 60_000;
}

function refuse({ name }: PlannedWave, messages: readonly string[]): void {
  if (messages.length === 0) return;
  throw new FleetError({
    code: 'gate-failed',
    what: `wave ${name} did not pass its gate`,
    why: messages.join('\n'),
    fix: 'Its machines run their new systems, and later waves were not begun. Fix the cause; the next `pulumi up` goes on from here.',
  });
}

/** '7 min', '40 s'. */
function minutes(seconds: number): string {
  return seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
