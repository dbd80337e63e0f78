import * as z from 'zod';
import { cacheStoreInputs } from './cache.ts';
import { keep } from './cache-retention.ts';
import { signingKeyInputs } from './signing-key.ts';
import { substituter } from './substituters.ts';
import { withoutDefaults } from './without-defaults.ts';

const { store, host, protocol, keyFile } = cacheStoreInputs.shape;
const { rotation } = signingKeyInputs.shape;
const { priority } = substituter.shape;

/** Port at which a machine of the stack serves what it fetches from other caches, by the module `pull-through-cache`. */
export const pullThroughPort = 8501;

/** Settings of a cache that the stack fills. */
const filledKeys = ['store', 'protocol', 'keyFile', 'rotation', 'keep'] as const;

/** A binary cache in a stack's config: one that the stack fills and signs (it has a `key`), or any other. */
export const cacheConfig = z
  .strictObject({
    key: signingKeyInputs.shape.name
      .optional()
      .describe(
        'Name of the key that the stack signs with, such as cache.example.org-1; another name begins a rotation. Left out for a cache that does not belong to the stack.',
      ),
    store,
    host,
    ...withoutDefaults({ rotation, protocol, keyFile, priority }),
    pullThrough: z
      .boolean()
      .optional()
      .describe(
        'Whether it holds nothing of its own: the machine `host`, or the server at `url`, fetches from other caches what machines request. The keys of those caches are trusted as configured; `publicKeys` names further ones.',
      ),
    url: substituter.shape.url
      .optional()
      .describe(
        `URL that machines fetch from. Default: the store, or port 5000 of the host (${pullThroughPort} with pullThrough).`,
      ),
    publicKeys: substituter.shape.publicKeys
      .optional()
      .describe('Keys that a cache signs with that does not belong to the stack.'),
    keep: keep.optional(),
  })
  .superRefine((cache, context) => {
    const problem = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (cache.pullThrough) {
      for (const key of ['key', ...filledKeys] as const) {
        if (cache[key] !== undefined)
          problem(key, 'is of a cache that is filled, and one with pullThrough is not');
      }
      if (cache.host === undefined && !cache.url)
        problem('host', 'is missing: the machine that fetches, or a url');
      return;
    }
    if (cache.key === undefined) {
      if (!cache.url) problem('url', 'is missing: where machines ask a cache without a key of this stack');
      if (!cache.publicKeys?.length) problem('publicKeys', 'is missing: nothing it serves would be accepted');
      for (const key of ['host', ...filledKeys] as const) {
        if (cache[key] !== undefined) problem(key, 'needs a key: only such a cache is filled by this stack');
      }
      return;
    }
    if (cache.publicKeys) problem('publicKeys', 'are those of key: leave it out');
    if ((cache.store === undefined) === (cache.host === undefined)) {
      problem('store', 'a cache with a key has either a store or a host');
    }
    if (cache.keep && cache.store && !cache.store.startsWith('file:')) {
      problem('keep', 'is for a folder or a machine: pushes to other stores cannot be seen');
    }
    if (cache.store?.startsWith('file:') && !cache.url) {
      problem('url', 'is missing: a folder has to be served to machines by something');
    }
  });
export type CacheConfig = z.output<typeof cacheConfig>;
