import { z } from 'zod';
import { cacheStoreInputs } from './cache.ts';
import { keep } from './cache-retention.ts';
import { signingKeyInputs } from './signing-key.ts';
import { substituter } from './substituters.ts';

const { store, host, protocol, keyFile } = cacheStoreInputs.shape;

/** A binary cache in a stack's config: one that the stack fills and signs (it has a `key`), or any other. */
export const cacheConfig = z
  .strictObject({
    key: signingKeyInputs.shape.name
      .optional()
      .describe(
        'Name of the key that the stack signs with, such as cache.example.org-1; another name begins a rotation. None, where the cache is somebody else’s.',
      ),
    rotation: signingKeyInputs.shape.rotation
      .unwrap()
      .optional()
      .describe(signingKeyInputs.shape.rotation.description ?? ''),
    store,
    host,
    protocol: protocol
      .unwrap()
      .optional()
      .describe(protocol.description ?? ''),
    keyFile: keyFile
      .unwrap()
      .optional()
      .describe(keyFile.description ?? ''),
    url: substituter.shape.url
      .optional()
      .describe('Where machines ask it; the store, or port 5000 of the host, where left out.'),
    publicKeys: substituter.shape.publicKeys
      .optional()
      .describe('Keys that somebody else’s cache signs with.'),
    keep: keep.optional(),
    priority: substituter.shape.priority
      .unwrap()
      .optional()
      .describe(substituter.shape.priority.description ?? ''),
  })
  .superRefine((cache, context) => {
    const problem = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (cache.key === undefined) {
      if (!cache.url) problem('url', 'is missing: where machines ask a cache without a key of this stack');
      if (!cache.publicKeys?.length) problem('publicKeys', 'is missing: nothing it serves would be accepted');
      for (const key of ['store', 'host', 'protocol', 'keyFile', 'rotation', 'keep'] as const) {
        if (cache[key] !== undefined) problem(key, 'needs a key: only such a cache is filled by this stack');
      }
      return;
    }
    if (cache.publicKeys) problem('publicKeys', 'are those of key: leave it out');
    if ((cache.store === undefined) === (cache.host === undefined)) {
      problem('store', 'a cache with a key has either a store or a host');
    }
    if (cache.keep && cache.store && !cache.store.startsWith('file:')) {
      problem('keep', 'is for a folder or a machine: of others nobody knows what is being pushed to them');
    }
    if (cache.store?.startsWith('file:') && !cache.url) {
      problem('url', 'is missing: a folder has to be served to machines by something');
    }
  });
export type CacheConfig = z.output<typeof cacheConfig>;
