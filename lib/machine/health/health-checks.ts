import { isIP } from 'node:net';
import { urlHost } from '../../../schema/connection.ts';
import type { HealthCheck } from '../../../schema/health-check.ts';
import type { Clock } from '../../base/clock.ts';
import { mapValues } from '../../base/map-values.ts';
import { until } from '../../base/until.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { type Attempt, connectTo, tryHttp, tryOnMachine, tryTcp } from './attempts.ts';

const noFailedUnit = scriptFile('./no-failed-unit.sh', import.meta.url);

/** Seconds between two attempts at a check. */
const intervalSeconds = 0.5;

/** The longest timeout of the checks, which run in parallel, in seconds. */
export function longestCheckSeconds(checks: Readonly<Record<string, HealthCheck>>): number {
  return Math.max(0, ...Object.values(checks).map(({ timeoutSeconds }) => timeoutSeconds));
}

/**
 * Runs all checks in parallel, each until it passes or its timeout is over. Returns one message per failed check: its name and
 * what was last observed.
 */
export async function runHealthChecks(
  machine: Machine,
  checks: Readonly<Record<string, HealthCheck>>,
  options: CheckOptions = {},
): Promise<string[]> {
  const attempts = mapValues(checks, (check) => ({ check, attempt: () => attemptOf(machine, check) }));
  return await passAll('health check', attempts, options);
}

export interface CheckOptions {
  signal?: AbortSignal | undefined;
  clock?: Clock | undefined;
  onLine?: ((line: string) => void) | undefined;
}

/** Retries all until each passes or its timeout is over. Returns one message per failed one: what it is, its name, what was seen. */
export async function passAll(
  what: string,
  attempts: Readonly<Record<string, { check: HealthCheck; attempt: () => Promise<Attempt> }>>,
  options: CheckOptions,
): Promise<string[]> {
  const failures = await Promise.all(
    Object.entries(attempts).map(async ([name, { check, attempt }]) => {
      const seen = await untilPassed(await attempt(), check.timeoutSeconds, options);
      options.onLine?.(`${what} ${name}: ${seen === undefined ? 'passed' : 'failed'}`);
      return seen === undefined
        ? []
        : [`${what} ${name} did not pass within ${check.timeoutSeconds} s: ${seen}`];
    }),
  );
  return failures.flat();
}

/** Retries until the attempt passes. Returns what was last observed if the timeout is over first. */
export async function untilPassed(
  attempt: Attempt,
  timeoutSeconds: number,
  { signal, clock }: { signal?: AbortSignal | undefined; clock?: Clock | undefined } = {},
): Promise<string | undefined> {
  let seen: string | undefined;
  const passes = async (left: number) => {
    // Rounded up, so that an attempt begun shortly before the end has at least one second.
    seen = await attempt(Math.max(1, Math.ceil(left)), signal);
    return seen === undefined;
  };
  await until(passes, { limitSeconds: timeoutSeconds, intervalSeconds, signal, clock });
  return seen;
}

/** How a check of the machine is tried. */
export async function attemptOf(machine: Machine, check: HealthCheck): Promise<Attempt> {
  if (check.command !== undefined) return tryOnMachine(machine, check.command);
  if (check.tcp !== undefined) return tryTcp(connectTo(machine, await machine.destination()), check.tcp);
  if (check.http !== undefined) {
    const { url, status } = check.http;
    const destination = await machine.destination();
    const { absolute, isOwn } = urlAt(machine.connection.address, url, destination.hostName);
    return tryHttp(absolute, status, isOwn ? connectTo(machine, destination) : undefined);
  }
  return tryOnMachine(machine, noFailedUnit);
}

/**
 * The absolute URL of a check, and whether it points to the machine itself. A path always does.
 * @param hostName what ssh_config makes of the address. A server knows such a name, and not an alias.
 */
export function urlAt(
  address: string,
  url: string,
  hostName = address,
): { absolute: string; isOwn: boolean } {
  const [own, resolved] = [urlHost(address), urlHost(hostName)];
  const host = isIP(hostName) ? own : resolved;
  if (url.startsWith('/')) return { absolute: `http://${host}${url}`, isOwn: true };
  const named = URL.parse(url)?.hostname;
  return { absolute: url, isOwn: named === own || named === resolved };
}
