import type { LiveAnswer } from '../../lib/machine/check-live.ts';
import { nixStoreFor } from '../../lib/machine/ssh/nix-store.ts';
import { type CacheConfig, pullThroughPort } from '../../schema/cache-config.ts';
import { connection as connectionSchema } from '../../schema/connection.ts';
import type { FleetEvaluation } from '../../schema/evaluation.ts';
import type { AskedCache, AskedHost } from '../ask-caches.ts';
import type { HostSettings } from './hosts.ts';

/** Where this computer asks each cache of a stack's config; a machine that has yet to be made is left out. */
export function askedCaches(
  caches: Readonly<Record<string, CacheConfig>>,
  connections: Readonly<Record<string, unknown>>,
): Record<string, AskedCache> {
  return Object.fromEntries(
    Object.entries(caches).flatMap(([name, { key, store, host, url }]) => {
      const filled = key !== undefined;
      if (host === undefined) return [[name, { filled, store: { uri: store ?? url ?? '' } }] as const];
      const parsed = connectionSchema.safeParse(connections[host]);
      if (!parsed.success) return [];
      if (!filled) {
        const { address } = parsed.data;
        const there = address.includes(':') ? `[${address}]` : address;
        return [[name, { filled, store: { uri: url ?? `http://${there}:${pullThroughPort}` } }] as const];
      }
      const { uri, env } = nixStoreFor(parsed.data);
      return [[name, { filled, store: { uri, sshOpts: env.NIX_SSHOPTS } }] as const];
    }),
  );
}

/** The machines whose new system is not the live one, by what they said; those that were not asked count as such. */
export function askedHosts({
  evaluation,
  live = {},
  connections,
  hosts,
}: {
  evaluation: FleetEvaluation;
  live?: Readonly<Record<string, LiveAnswer>> | undefined;
  connections: Readonly<Record<string, unknown>>;
  hosts: Readonly<Record<string, Pick<HostSettings, 'delivery'>>>;
}): Record<string, AskedHost> {
  return Object.fromEntries(
    Object.entries(evaluation.hosts).flatMap(([name, evaluated]) => {
      const answer = live[name];
      const isLive =
        evaluated.ok && answer && 'reading' in answer && answer.reading.system === evaluated.outPath;
      if (!evaluated.ok || isLive) return [];
      const { drvPath, outPath } = evaluated;
      const delivery = hosts[name]?.delivery ?? 'auto';
      return [[name, { drvPath, outPath, delivery, connection: connections[name] }] as const];
    }),
  );
}
