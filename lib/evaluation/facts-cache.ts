import { link, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import {
  type EvaluatedKernel,
  evaluatedImage,
  evaluatedKernel,
  kernelNeeds,
} from '../../schema/evaluation.ts';
import { hostFacts } from '../../schema/facts.ts';
import { exists, readJson, writeAtomically } from '../base/files.ts';
import { sha256 } from '../base/hash.ts';
import { cacheRoot } from '../base/home.ts';

const cachedHost = z.object({
  drvPath: z.string(),
  outPath: z.string(),
  revision: z.string(),
  facts: hostFacts,
  warnings: z.array(z.string()),
  /** Name of the kernel's file in the cache: hosts share kernels. */
  kernel: z.string().optional(),
  kernelNeeds: kernelNeeds.optional(),
  image: evaluatedImage.optional(),
});

const cachedOutput = z.object({ drvPath: z.string(), outPath: z.string() });

export type CachedOutput = z.infer<typeof cachedOutput>;
export type CachedHost = Omit<z.infer<typeof cachedHost>, 'kernel'> & { kernel?: EvaluatedKernel };

/** Everything an evaluation depends on. */
export interface CacheKey {
  flakeIdentity: string;
  factsVersion: string;
  nixVersion: string;
  /** As `formatTarget` returns it. */
  target: string;
}

/**
 * Facts of evaluated hosts and images, and derivations of outputs, by everything they depend on. An entry that is damaged, or
 * whose derivation and output are no longer in the store, counts as absent.
 */
export class FactsCache {
  readonly #kernels = new Map<string, Promise<EvaluatedKernel | undefined>>();

  /** @param key the key, or the name that `cacheName` made of one */
  async get(key: CacheKey | string): Promise<CachedHost | undefined> {
    const path = this.#path('facts', key);
    const host = await readWhole(path, cachedHost);
    if (!host || !(await inStore(host))) return undefined;
    if (host.image && !(await inStore(host.image))) return undefined;
    const { kernel: kernelName, ...rest } = host;
    const kernel = kernelName === undefined ? undefined : await this.#kernel(kernelName);
    if (kernelName !== undefined && !kernel) return undefined;
    void touch(path);
    return kernel ? { ...rest, kernel } : rest;
  }

  async put(key: CacheKey, { kernel, ...host }: CachedHost): Promise<void> {
    const kernelName = kernel ? nameOf(JSON.stringify(kernel)) : undefined;
    if (kernelName) await writeAtomically(this.#kernelPath(kernelName), JSON.stringify(kernel));
    await writeAtomically(this.#path('facts', key), JSON.stringify({ ...host, kernel: kernelName }));
  }

  async getOutput(key: CacheKey | string): Promise<CachedOutput | undefined> {
    const path = this.#path('outputs', key);
    const output = await readWhole(path, cachedOutput);
    if (!output || !(await inStore(output))) return undefined;
    void touch(path);
    return output;
  }

  async putOutput(key: CacheKey, output: CachedOutput): Promise<void> {
    await writeAtomically(this.#path('outputs', key), JSON.stringify(output));
  }

  /** Makes facts that are still valid those of a new key. */
  async keepAs(key: CacheKey, folder: 'facts' | 'outputs', name: string): Promise<void> {
    await link(this.#path(folder, name), this.#path(folder, key));
  }

  #kernel(name: string): Promise<EvaluatedKernel | undefined> {
    let kernel = this.#kernels.get(name);
    if (!kernel) {
      kernel = readWhole(this.#kernelPath(name), evaluatedKernel);
      this.#kernels.set(name, kernel);
    }
    return kernel;
  }

  #path(folder: 'facts' | 'outputs', key: CacheKey | string): string {
    return join(cacheRoot(), folder, `${typeof key === 'string' ? key : cacheName(key)}.json`);
  }

  #kernelPath(name: string): string {
    return join(cacheRoot(), 'facts', `kernel-${name}.json`);
  }
}

export function cacheName({ flakeIdentity, factsVersion, nixVersion, target }: CacheKey): string {
  return nameOf(JSON.stringify([flakeIdentity, factsVersion, nixVersion, target]));
}

function nameOf(text: string): string {
  return sha256(text).slice(0, 40);
}

function readWhole<Value>(path: string, schema: z.ZodType<Value>): Promise<Value | undefined> {
  return readJson(path, schema).catch(() => undefined);
}

/** A garbage-collected derivation must be evaluated again before it can be built. */
async function inStore({ drvPath, outPath }: { drvPath: string; outPath: string }): Promise<boolean> {
  return (await exists(drvPath)) || (await exists(outPath));
}

/** Marks a file as used, for pruning. */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}
