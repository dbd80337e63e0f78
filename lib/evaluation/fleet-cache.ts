import type { FleetError } from '../base/errors.ts';
import type { RawFleet } from './evaluate-targets.ts';
import { type CachedHost, type CachedOutput, type CacheKey, cacheName, FactsCache } from './facts-cache.ts';
import { type FleetReads, withoutTree, withTree } from './fleet-reads.ts';
import { pruneCache } from './prune.ts';
import { formatTarget, type Target } from './target.ts';
import { keepTexts } from './texts.ts';

/** Results by the names of the targets. */
export interface Results {
  hosts: Map<string, CachedHost>;
  outputs: Map<string, CachedOutput>;
  errors: Map<string, FleetError>;
}

export interface EvaluatedTargets extends Results {
  texts: ReadonlyMap<string, string>;
  raw: RawFleet;
}

/** Facts of a fleet in the cache: those of the whole flake as it is, and those of earlier states that are still valid. */
export class FleetCache {
  readonly #facts = new FactsCache();
  readonly #targets: Readonly<Record<string, Target>>;
  readonly #keys: Readonly<Record<string, CacheKey>>;
  readonly #storePath: string;

  /** @param storePath the flake's tree, by which kept warnings name files */
  constructor(targets: Record<string, Target>, keys: Record<string, CacheKey>, storePath: string) {
    this.#targets = targets;
    this.#keys = keys;
    this.#storePath = storePath;
  }

  /** Targets whose facts are those of this very flake. */
  async read(): Promise<Results> {
    return await this.#readEach(Object.entries(this.#keys));
  }

  /** Targets whose facts were evaluated from another state of the flake, and are still valid. */
  async readValid(names: readonly string[], reads: FleetReads): Promise<Results> {
    const valid = await Promise.all(
      names.map(async (name) => {
        const target = this.#targets[name];
        const facts = target && (await reads.find(formatTarget(target)));
        return facts === undefined ? [] : [[name, facts] as const];
      }),
    );
    const found = valid.flat();
    const results = await this.#readEach(found);
    await Promise.allSettled(
      found.map(async ([name, facts]) => {
        const key = this.#keys[name];
        const isThere = results.hosts.has(name) || results.outputs.has(name);
        if (key && isThere) await this.#facts.keepAs(key, this.#folder(name), facts);
      }),
    );
    return results;
  }

  /** Ignores errors: a cache that cannot be written only makes the next run slower. */
  async write(
    { hosts, outputs, texts, raw }: EvaluatedTargets,
    reads: FleetReads | undefined,
  ): Promise<void> {
    const put = <Value>(
      values: ReadonlyMap<string, Value>,
      write: (key: CacheKey, value: Value) => Promise<void>,
    ) =>
      [...values].map(async ([name, value]) => {
        const key = this.#keys[name];
        if (key) await write(key, value);
      });
    await Promise.allSettled([
      keepTexts(texts),
      ...put(hosts, (key, host) =>
        this.#facts.put(key, {
          ...host,
          warnings: host.warnings.map((warning) => withoutTree(warning, this.#storePath)),
        }),
      ),
      ...put(outputs, (key, output) => this.#facts.putOutput(key, output)),
    ]);
    // Facts first: a record must not refer to facts that do not exist yet.
    await reads
      ?.keep(raw, (name) => {
        const key = this.#keys[name];
        return key && { facts: cacheName(key), target: key.target };
      })
      .catch(() => undefined);
    await pruneCache();
  }

  async #readEach(keys: readonly (readonly [string, CacheKey | string])[]): Promise<Results> {
    const results = noResults();
    await Promise.all(
      keys.map(async ([name, key]) => {
        if (this.#folder(name) === 'outputs') {
          const output = await this.#facts.getOutput(key);
          if (output) results.outputs.set(name, output);
          return;
        }
        const host = await this.#facts.get(key);
        if (!host) return;
        const warnings = host.warnings.map((warning) => withTree(warning, this.#storePath));
        results.hosts.set(name, { ...host, warnings });
      }),
    );
    return results;
  }

  #folder(name: string): 'facts' | 'outputs' {
    return this.#targets[name]?.output ? 'outputs' : 'facts';
  }
}

function noResults(): Results {
  return { hosts: new Map(), outputs: new Map(), errors: new Map() };
}

export function merged(earlier: Results, later: Results): Results {
  return {
    hosts: new Map([...earlier.hosts, ...later.hosts]),
    outputs: new Map([...earlier.outputs, ...later.outputs]),
    errors: later.errors,
  };
}
