import { machineAt } from '../../../lib/machine/ssh/machine-at.ts';
import type { KeyPair } from '../../../lib/store/nix/key-format.ts';
import type { OtherStore } from '../../../lib/store/nix/path-info.ts';
import type { CachePushInputs } from '../../../schema/cache.ts';

/** Where a cache's content is, and who signs it, as its resources have it. */
export type CachePlace = Pick<CachePushInputs, 'store' | 'host' | 'connection' | 'publicKey' | 'secretKey'>;

/** Property to problem: a cache has one place. */
export function placeProblems({ store, host, connection }: Partial<CachePlace>): Record<string, string> {
  if ((store === undefined) === (host === undefined)) {
    return { store: 'a cache is either a store, or a host that serves its own' };
  }
  if (host === undefined) return {};
  if (connection === undefined) return { connection: 'is missing: how host is reached' };
  return connection.user !== 'root' && connection.becomePassword !== undefined
    ? { connection: 'a machine is filled as a cache by nix copy, which cannot be given becomePassword' }
    : {};
}

/** The store that is filled. */
export function storeOf({ store, host = '', connection }: CachePlace): OtherStore {
  if (store !== undefined || !connection) return { uri: store ?? '' };
  const { uri, env } = machineAt(host, connection).store();
  return { uri, sshOpts: env.NIX_SSHOPTS };
}

export function keyOf({ publicKey, secretKey }: CachePlace): KeyPair {
  return { publicKey, secretKey };
}
