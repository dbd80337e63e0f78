import type { CacheStoreInputs } from '../schema/cache.ts';
import { urlHost } from '../schema/connection.ts';
import {
  CachePush,
  CacheRetention,
  CacheStore,
  type KeepArgs,
  type KeptMachineArgs,
} from './cache-resources.ts';
import { Component } from './component.ts';
import type { ConnectionArgs } from './connection.ts';
import * as pulumi from './pulumi.ts';
import type { SigningKey } from './signing-key.ts';

/** A binary cache that machines fetch from: the fleet's own, or any other. */
export interface CacheSource {
  name: string;
  /** URL that machines fetch from. */
  url: pulumi.Input<string>;
  /** Public keys that machines trust. */
  publicKeys: pulumi.Input<string[]>;
  /** The cache with the lowest number is queried first. @default 30 */
  priority?: number;
  /** Machine that serves it, which does not fetch from itself. */
  servedBy?: string;
  /** Pushes a closure to it; absent where the program does not fill the cache. */
  push?(host: string, path: pulumi.Input<string>, options: pulumi.CustomResourceOptions): pulumi.Resource;
  /** Collects garbage: removes what none of these machines needs any more, if the cache has a retention policy. */
  retain?(machines: Record<string, KeptMachineArgs>, options: pulumi.CustomResourceOptions): void;
}

export interface BinaryCacheArgs {
  key: SigningKey;
  /** Store to push to: `file:///folder`, `s3://bucket?…`, or any other store URL of `nix copy --to`. */
  store?: string;
  /** Instead of `store`: a machine of the fleet that serves its own store. */
  machine?: { host: string; connection: pulumi.Input<ConnectionArgs> };
  /** How that machine serves it. @default 'http' */
  protocol?: CacheStoreInputs['protocol'];
  /** File on that machine that it reads the key from. @default '/var/lib/nixos-fleet/cache.key' */
  keyFile?: string;
  /** URL that machines fetch from. @default the store, or port 5000 of the machine */
  url?: pulumi.Input<string>;
  priority?: number;
  /** Which pushed systems are kept. @default all in a store; on a machine, each machine's last one and those it has */
  keep?: KeepArgs;
}

/**
 * A binary cache of the fleet: systems are signed and pushed to it, and machines fetch them from it.
 *
 * @example
 * const key = new SigningKey('main', { name: 'cache.example.org-1' });
 * const cache = new BinaryCache('main', { key, store: 'file:///srv/cache', url: 'https://cache.example.org' });
 * new Host('web', { evaluated, connection, caches: [cache] });
 */
export class BinaryCache extends Component implements CacheSource {
  readonly name: string;
  readonly url: pulumi.Output<string>;
  readonly publicKeys: pulumi.Output<string[]>;
  readonly priority?: number;
  readonly servedBy?: string;
  readonly store: CacheStore;
  readonly #place: Pick<BinaryCacheArgs, 'store'> & {
    host?: string;
    connection?: pulumi.Input<ConnectionArgs>;
  };
  readonly #key: SigningKey;
  readonly #keep: KeepArgs | undefined;

  constructor(name: string, args: BinaryCacheArgs, options?: pulumi.ComponentResourceOptions) {
    super('BinaryCache', name, options);
    const { key, store, machine, protocol, keyFile, priority } = args;
    this.name = name;
    this.#key = key;
    this.#keep = args.keep ?? (machine ? { generations: 1 } : undefined);
    this.#place = { store, ...machine };
    const { publicKey, secretKey } = key;
    const { revokedKeys } = key;
    const settings = { name, publicKey, secretKey, revokedKeys, protocol, keyFile, ...this.#place };
    this.store = new CacheStore(name, settings, { parent: this });
    this.url = pulumi.output(args.url ?? (machine ? machineUrl(machine, protocol) : store) ?? '');
    // The current key stays trusted until everything is signed with the next one.
    this.publicKeys = pulumi
      .all([key.trustedKeys, this.store.signedBy, revokedKeys])
      .apply(([trusted, signedBy, revoked]) =>
        [...new Set([...trusted, signedBy])].filter((publicKey) => publicKey && !revoked.includes(publicKey)),
      );
    this.priority = priority;
    this.servedBy = machine?.host;
    this.end({ url: this.url, publicKeys: this.publicKeys });
  }

  push(host: string, path: pulumi.Input<string>, options: pulumi.CustomResourceOptions): CachePush {
    const { publicKey, secretKey } = this.#key;
    const args = { cache: this.name, machine: host, path, publicKey, secretKey, ...this.#place };
    return new CachePush(`${this.name}-${host}`, args, { ...options, dependsOn: [this.store] });
  }

  retain(machines: Record<string, KeptMachineArgs>, options: pulumi.CustomResourceOptions): void {
    if (!this.#keep) return;
    const args = { cache: this.name, keep: this.#keep, machines, ...this.#place };
    new CacheRetention(this.name, args, { ...options, parent: this });
  }
}

/** URL of a machine's cache over HTTP. */
export function httpUrl(
  host: string,
  connection: pulumi.Input<ConnectionArgs>,
  port: number,
): pulumi.Output<string> {
  return pulumi
    .output(connection)
    .apply(({ address, local }) => `http://${urlHostOf(host, address, local)}:${port}`);
}

/** Host part of a URL by which other machines reach this one. */
function urlHostOf(host: string, address = 'localhost', local = false): string {
  if (local && address === 'localhost') {
    throw new pulumi.RunError(
      `the cache on ${host} needs an address that other machines reach: set hosts.${host}.address`,
    );
  }
  return urlHost(address);
}

/** URL of a machine's store. Over ssh, clients log in with their own host key, which the server must authorize. */
function machineUrl(
  { host, connection }: NonNullable<BinaryCacheArgs['machine']>,
  protocol: CacheStoreInputs['protocol'] = 'http',
): pulumi.Output<string> {
  if (protocol === 'http') return httpUrl(host, connection, 5000);
  return pulumi.output(connection).apply(({ address, hostKey, local }) => {
    const name = urlHostOf(host, address, local);
    if (!hostKey) {
      throw new pulumi.RunError(
        `the cache on ${host} is served over ssh, so its host key must be known: set hosts.${host}.hostKey`,
      );
    }
    const query = new URLSearchParams({
      'ssh-key': '/etc/ssh/ssh_host_ed25519_key',
      'base64-ssh-public-host-key': Buffer.from(`${hostKey.split(' ').slice(0, 2).join(' ')}\n`).toString(
        'base64',
      ),
    });
    return `ssh-ng://nix-ssh@${name}?${query}`;
  });
}
