import { describeOutcome, shortSystem } from '../../lib/machine/record/history.ts';
import type { ActivationResult } from '../../lib/machine/record/result.ts';

/** A deployment to a machine, by anyone. */
export interface ShownDeployment {
  /** ISO 8601; empty for a line that cannot be parsed. */
  at: string;
  by: string;
  /** Short name of the system; the whole line if it cannot be parsed. */
  system: string;
  /** `switch`, `boot` or `test`. */
  action: string;
  /** Short; empty if unknown. */
  revision: string;
  /** `confirmed`, or why not. */
  result: string;
}

/** A line that describeDeployment wrote. */
export function parseDeployment(line: string): ShownDeployment {
  const [, at, by, system, action = 'switch', revision = '', result] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) (.*?): (\S+(?: \([0-9a-z]{8}\))?)(?: \((boot|test)\))?(?:, revision ([^\s:]+))?: (.*)$/.exec(
      line,
    ) ?? [];
  if (at === undefined || by === undefined || system === undefined || result === undefined)
    return { at: '', by: '', system: line, action: 'switch', revision: '', result: '' };
  return { at, by, system, action, revision, result };
}

/** A result that was read from a machine. */
export function shownDeployment(result: ActivationResult): ShownDeployment {
  return {
    at: new Date(result.endedAt * 1000).toISOString().replace('.000Z', 'Z'),
    by: result.by,
    system: shortSystem(result.system),
    action: result.action,
    revision: result.revision.slice(0, 12),
    result: describeOutcome(result),
  };
}

export function hasFailed({ result }: ShownDeployment): boolean {
  return result !== '' && result !== 'confirmed';
}

/** Deployments to one or more machines that belong together. */
export interface DeploymentRun extends Omit<ShownDeployment, 'system'> {
  /** When the last one ended; `at` is when the first one did. */
  until: string;
  machines: string[];
}

/** Deployments of a run end at most this long after each other. */
const gapMinutes = 30;

/** Deployments by the same person, of the same revision, with the same result and near each other in time; newest first. */
export function deploymentRuns(
  all: readonly { machine: string; deployment: ShownDeployment }[],
): DeploymentRun[] {
  const sorted = all
    .filter(({ deployment }) => deployment.at !== '')
    .toSorted((one, other) => (one.deployment.at < other.deployment.at ? -1 : 1));
  const latest = new Map<string, DeploymentRun>();
  const runs: DeploymentRun[] = [];
  for (const { machine, deployment } of sorted) {
    const { system: _, ...shown } = deployment;
    const key = JSON.stringify([shown.by, shown.revision, shown.action, shown.result]);
    const run = latest.get(key);
    if (run && Date.parse(shown.at) - Date.parse(run.until) <= gapMinutes * 60_000) {
      run.until = shown.at;
      run.machines.push(machine);
    } else {
      const next = { ...shown, until: shown.at, machines: [machine] };
      latest.set(key, next);
      runs.push(next);
    }
  }
  return runs.toSorted((one, other) => (one.until > other.until ? -1 : 1));
}

/** `2026-11-28 05:54 UTC` of an ISO 8601 time; empty for none. */
export function minuteOf(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/, '$1 $2 UTC');
}
