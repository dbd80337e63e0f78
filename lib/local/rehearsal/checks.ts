import type { HealthCheck } from '../../../schema/health-check.ts';
import { urlAt } from '../../machine/health/health-checks.ts';

/** A host's health checks, adapted to a virtual machine whose ports are forwarded to this computer. */
export interface RehearsedChecks {
  checks: Record<string, HealthCheck>;
  /** Guest ports to forward. */
  ports: number[];
  /** Names of checks that are left out, since their URL is on another machine. */
  skipped: string[];
}

/**
 * Adapts the health checks of a machine to its rehearsal.
 * @param address the machine's own address, which URLs may name
 * @param forwarded this computer's port for a port of the virtual machine
 */
export function rehearsedChecks(
  checks: Readonly<Record<string, HealthCheck>>,
  address: string,
  forwarded: (port: number) => number,
): RehearsedChecks {
  const result: RehearsedChecks = { checks: {}, ports: [], skipped: [] };
  const forward = (port: number) => {
    if (!result.ports.includes(port)) result.ports.push(port);
    return forwarded(port);
  };
  for (const [name, check] of Object.entries(checks)) {
    if (check.tcp !== undefined) {
      const { tcp, ...rest } = check;
      result.checks[name] = { ...rest, command: listens(tcp) };
    } else if (check.http !== undefined) {
      const { absolute, isOwn } = urlAt(address, check.http.url);
      if (!isOwn) {
        result.skipped.push(name);
        continue;
      }
      const url = new URL(absolute);
      const port = forward(Number(url.port) || (url.protocol === 'https:' ? 443 : 80));
      url.hostname = '127.0.0.1';
      url.port = String(port);
      result.checks[name] = { ...check, http: { ...check.http, url: url.href } };
    } else {
      result.checks[name] = check;
    }
  }
  return result;
}

/**
 * A command that checks inside the machine whether something listens on a port. From outside, QEMU accepts every connection
 * to a forwarded port.
 */
function listens(port: number): string {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const found = `$4 == "0A" && substr($2, length($2) - 4) == "${hex}" { found = 1 }`;
  return `awk '${found} END { exit !found }' /proc/net/tcp /proc/net/tcp6 || { echo 'nothing listens on port ${port}'; false; }`;
}
