import type { LiveResult } from '../../lib/machine/check-live.ts';
import type { Machine } from '../../lib/machine/ssh/machine.ts';
import { type CacheConfig, pullThroughPort } from '../../schema/cache-config.ts';
import { urlHost } from '../../schema/connection.ts';
import type { FleetEvaluation } from '../../schema/evaluation.ts';
import type { ChangedHost, QueriedCache } from '../query-caches.ts';
import type { HostSettings } from './hosts.ts';

/** How this computer queries each cache of the config; the cache of a machine that does not exist yet is left out. */
export function queriedCaches(
  caches: Readonly<Record<string, CacheConfig>>,
  machines: Readonly<Record<string, Machine>>,
): Record<string, QueriedCache> {
  return Object.fromEntries(
    Object.entries(caches).flatMap(([name, { key, store, host, url }]) => {
      const filled = key !== undefined;
      if (host === undefined) return [[name, { filled, store: { uri: store ?? url ?? '' } }] as const];
      const machine = machines[host];
      if (!machine) return [];
      if (!filled) {
        const address = urlHost(machine.connection.address);
        return [[name, { filled, store: { uri: url ?? `http://${address}:${pullThroughPort}` } }] as const];
      }
      const { uri, env } = machine.store();
      return [[name, { filled, store: { uri, sshOpts: env.NIX_SSHOPTS } }] as const];
    }),
  );
}

/** The machines whose new system is not the live one, by what they said; those that were not asked count as such. */
export function changedHosts({
  evaluation,
  live = {},
  machines,
  hosts,
}: {
  evaluation: FleetEvaluation;
  live?: Readonly<Record<string, LiveResult>> | undefined;
  machines: Readonly<Record<string, Machine>>;
  hosts: Readonly<Record<string, Pick<HostSettings, 'delivery'>>>;
}): Record<string, ChangedHost> {
  return Object.fromEntries(
    Object.entries(evaluation.hosts).flatMap(([name, evaluated]) => {
      const answer = live[name];
      const isLive =
        evaluated.ok && answer && 'reading' in answer && answer.reading.system === evaluated.outPath;
      if (!evaluated.ok || isLive) return [];
      const { drvPath, outPath } = evaluated;
      const delivery = hosts[name]?.delivery ?? 'auto';
      return [[name, { drvPath, outPath, delivery, machine: machines[name] }] as const];
    }),
  );
}
