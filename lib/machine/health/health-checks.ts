import { urlHost } from '../../../schema/connection.ts';
import type { HealthCheck } from '../../../schema/health-check.ts';
import { until } from '../../base/until.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { type Attempt, connectTo, tryHttp, tryOnMachine, tryTcp } from './attempts.ts';

const noFailedUnit = scriptFile('./no-failed-unit.sh', import.meta.url);

/** Seconds between two attempts at a check. */
const intervalSeconds = 0.5;

/** How long the slowest of the checks may take, in seconds; they run at the same time. */
export function longestCheckSeconds(checks: Readonly<Record<string, HealthCheck>>): number {
  return Math.max(0, ...Object.values(checks).map(({ timeoutSeconds }) => timeoutSeconds));
}

/**
 * Runs all checks at the same time, each until it holds or its time is over, and returns a sentence for each that did
 * not hold: its name, and what was seen last.
 */
export async function runHealthChecks(
  machine: Machine,
  checks: Readonly<Record<string, HealthCheck>>,
  options: { signal?: AbortSignal; onLine?: (line: string) => void } = {},
): Promise<string[]> {
  const failures = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const seen = await untilItHolds(attemptOf(machine, check), check.timeoutSeconds, options.signal);
      options.onLine?.(`health check ${name}: ${seen === undefined ? 'holds' : 'does not hold'}`);
      return seen === undefined
        ? []
        : [`health check ${name} did not hold within ${check.timeoutSeconds} s: ${seen}`];
    }),
  );
  return failures.flat();
}

/** Tries until it holds; what was seen last where the time is over. */
export async function untilItHolds(
  attempt: Attempt,
  timeoutSeconds: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  let seen: string | undefined;
  const holds = async (left: number) => {
    // Whole seconds, so that the last attempt, begun shortly before the end, has one to answer in.
    seen = await attempt(Math.max(1, Math.ceil(left)), signal);
    return seen === undefined;
  };
  await until(holds, { limitSeconds: timeoutSeconds, intervalSeconds, signal });
  return seen;
}

function attemptOf(machine: Machine, check: HealthCheck): Attempt {
  if (check.command !== undefined) return tryOnMachine(machine, check.command);
  if (check.tcp !== undefined) return tryTcp(connectTo(machine), check.tcp);
  if (check.http !== undefined) {
    const { url, status } = check.http;
    const { whole, isOwn } = urlAt(machine.connection.address, url);
    return tryHttp(whole, status, isOwn ? connectTo(machine) : undefined);
  }
  return tryOnMachine(machine, noFailedUnit);
}

/** What is asked for, and whether it is at the machine's own address: a path is. */
export function urlAt(address: string, url: string): { whole: string; isOwn: boolean } {
  const host = urlHost(address);
  if (url.startsWith('/')) return { whole: `http://${host}${url}`, isOwn: true };
  return { whole: url, isOwn: URL.parse(url)?.hostname === host };
}
