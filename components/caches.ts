import { type CacheConfig, pullThroughPort } from '../schema/cache-config.ts';
import { BinaryCache, type CacheSource, httpUrl } from './binary-cache.ts';
import type { ConnectionArgs } from './connection.ts';
import type * as pulumi from './pulumi.ts';
import { SigningKey } from './signing-key.ts';

/** Declares the binary caches of a stack's config, with their keys. `connections` are those of the stack's machines. */
export function declareCaches(
  caches: Readonly<Record<string, CacheConfig>>,
  connections: Readonly<Record<string, pulumi.Input<ConnectionArgs>>>,
): CacheSource[] {
  return Object.entries(caches).map(([name, cache]) => {
    const { key, rotation, host, store, protocol, keyFile, url, publicKeys = [], priority, keep } = cache;
    const connection = host === undefined ? undefined : connections[host];
    if (key === undefined) {
      if (host === undefined || !connection) return { name, url: url ?? '', publicKeys, priority };
      return {
        name,
        url: url ?? httpUrl(host, connection, pullThroughPort),
        publicKeys,
        servedBy: host,
        priority,
      };
    }
    const others = Object.entries(connections).filter(([consumer]) => consumer !== host);
    const consumers = Object.fromEntries(others);
    const signingKey = new SigningKey(name, { name: key, consumers, rotation });
    const machine = host !== undefined && connection ? { host, connection } : undefined;
    return new BinaryCache(name, { key: signingKey, store, machine, protocol, keyFile, url, priority, keep });
  });
}
