import * as pulumi from '@pulumi/pulumi';
import type { CacheStoreInputs } from '../schema/cache.ts';
import { urlHost } from '../schema/connection.ts';
import {
  CachePush,
  CacheRetention,
  CacheStore,
  type KeepArgs,
  type KeptMachineArgs,
} from './cache-resources.ts';
import type { ConnectionArgs } from './connection.ts';
import type { SigningKey } from './signing-key.ts';

/** A binary cache as machines ask it: one of the fleet's own, or any other. */
export interface CacheSource {
  name: string;
  /** Where machines ask it. */
  url: pulumi.Input<string>;
  /** Keys whose signatures they accept. */
  publicKeys: pulumi.Input<string[]>;
  /** The lower, the earlier it is asked. @default 30 */
  priority?: number;
  /** Machine that serves it: it does not ask itself. */
  servedBy?: string;
  /** Puts a closure into it, where that is this program's to do. */
  push?(host: string, path: pulumi.Input<string>, options: pulumi.CustomResourceOptions): pulumi.Resource;
  /** Drops what none of the machines whose systems are pushed there needs any more, where there is a rule for that. */
  retain?(machines: Record<string, KeptMachineArgs>, options: pulumi.CustomResourceOptions): void;
}

export interface BinaryCacheArgs {
  key: SigningKey;
  /** Store that is filled: `file:///folder`, `s3://bucket?…`, or what else `nix copy --to` fills. */
  store?: string;
  /** In its place, a machine of the fleet that serves its own store. */
  machine?: { host: string; connection: pulumi.Input<ConnectionArgs> };
  /** How that machine serves it. @default 'http' */
  protocol?: CacheStoreInputs['protocol'];
  /** File on that machine that it reads the key from. @default '/var/lib/nixos-fleet/cache.key' */
  keyFile?: string;
  /** Where machines ask it; by default the store, or port 5000 of the machine. */
  url?: pulumi.Input<string>;
  priority?: number;
  /** Which pushed systems stay; all in a store, and of a machine's the last one and what machines have, where left out. */
  keep?: KeepArgs;
}

/**
 * A binary cache of the fleet: what is built for a machine is pushed there and signed, and machines fetch it from there.
 *
 * @example
 * const key = new SigningKey('main', { name: 'cache.example.org-1' });
 * const cache = new BinaryCache('main', { key, store: 'file:///srv/cache', url: 'https://cache.example.org' });
 * new Host('web', { evaluated, connection, caches: [cache] });
 */
export class BinaryCache extends pulumi.ComponentResource implements CacheSource {
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
    super('nixos-fleet:index:BinaryCache', name, {}, options);
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
    // The key that it is signed by stays trusted until everything is signed by the next one.
    this.publicKeys = pulumi
      .all([key.trustedKeys, this.store.signedBy, revokedKeys])
      .apply(([trusted, signedBy, revoked]) =>
        [...new Set([...trusted, signedBy])].filter((publicKey) => publicKey && !revoked.includes(publicKey)),
      );
    this.priority = priority;
    this.servedBy = machine?.host;
    this.registerOutputs({});
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

/** Where a machine is asked that serves over HTTP. */
export function httpUrl(
  host: string,
  connection: pulumi.Input<ConnectionArgs>,
  port: number,
): pulumi.Output<string> {
  return pulumi
    .output(connection)
    .apply(({ address, local }) => `http://${reached(host, address, local)}:${port}`);
}

/** The name by which other machines reach one, as a part of a URL. */
function reached(host: string, address = 'localhost', local = false): string {
  if (local && address === 'localhost') {
    throw new pulumi.RunError(
      `the cache on ${host} needs an address that other machines reach: set hosts.${host}.address`,
    );
  }
  return urlHost(address);
}

/** Where a machine's store is asked. Over ssh a machine logs in with its own host key, which the server has to know. */
function machineUrl(
  { host, connection }: NonNullable<BinaryCacheArgs['machine']>,
  protocol: CacheStoreInputs['protocol'] = 'http',
): pulumi.Output<string> {
  if (protocol === 'http') return httpUrl(host, connection, 5000);
  return pulumi.output(connection).apply(({ address, hostKey, local }) => {
    const name = reached(host, address, local);
    if (!hostKey) {
      throw new pulumi.RunError(
        `the cache on ${host} is asked over ssh, so its host key must be known: set hosts.${host}.hostKey`,
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
