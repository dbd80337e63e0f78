import * as z from 'zod';
import { connection } from './connection.ts';
import { claim } from './ownership.ts';
import { secretFile } from './secret.ts';

/** Where a cache's content is: a store that `nix copy --to` fills, or a machine that serves its own store. */
export const cachePlace = z.object({
  store: z
    .string()
    .regex(
      /^(file:\/\/\/|s3:\/\/|https?:\/\/)[^\s]+$/,
      'must be a store such as file:///srv/cache, s3://bucket?region=… or https://…',
    )
    .refine(
      (uri) => !/[?&]secret-key=/.test(uri),
      'must not name a secret-key: the signing key is an input of its own',
    )
    .optional()
    .describe(
      'Store that the stack fills: `file:///folder`, `s3://bucket?…`, or any other that `nix copy --to` takes.',
    ),
  host: z
    .string()
    .optional()
    .describe('Machine whose own store is served, by its name, in the place of `store`.'),
  connection: connection.optional().describe('How that machine is reached.'),
});

/** The same, and who signs there. */
const place = cachePlace.extend({
  publicKey: z.string().describe('Public key of the one that signs, as NAME:BASE64.'),
  secretKey: z.string().min(1).describe('The key that signs. Always a secret.'),
});

/** Which units serve a store, and read the key when they start. */
const servingUnits = ['harmonia.service', 'nix-serve.service'];

/** Where a machine that serves its store over HTTP finds the key; the module `binary-cache` looks there too. */
const defaultKeyFile = '/var/lib/nixos-fleet/cache.key';

/** Inputs of `nixos:index:CacheStore`: a binary cache's content, signed by one key. */
export const cacheStoreInputs = place.extend({
  name: z.string().describe('Name of the cache.'),
  protocol: z
    .enum(['http', 'ssh'])
    .default('http')
    .describe(
      'How a machine serves its store. Over `http` it signs what it serves, with a key that is written to it; over `ssh` the paths in its store are signed.',
    ),
  keyFile: secretFile.shape.path
    .default(defaultKeyFile)
    .describe('File on that machine that it reads the key from; for `http` alone.'),
  revokedKeys: z
    .array(z.string())
    .default([])
    .describe('Public keys that are not replaced by new signatures: their secret keys were in wrong hands.'),
  restartUnits: secretFile.shape.restartUnits
    .unwrap()
    .default(servingUnits)
    .describe('Units that read the key; those that run are restarted when it changes.'),
});
export type CacheStoreInputs = z.output<typeof cacheStoreInputs>;

/** State of `nixos:index:CacheStore`. */
export const cacheStoreState = cacheStoreInputs.omit({ secretKey: true }).extend({
  signedBy: z
    .string()
    .describe(
      'Public key that its content is signed by. Not the desired one where signing with that failed; empty where it is not served yet.',
    ),
  machineId: z
    .string()
    .optional()
    .describe('Machine-id of the machine that got the key: it is written to and deleted from no other.'),
  claim,
});
export type CacheStoreState = z.output<typeof cacheStoreState>;

/** Inputs of `nixos:index:CachePush`: one closure in one cache. */
export const cachePushInputs = place.extend({
  cache: z.string().describe('Name of the cache.'),
  path: z.string().describe('Store path whose closure is pushed.'),
  machine: z
    .string()
    .optional()
    .describe('Machine whose system it is, by its name. Default: the resource’s name.'),
});
export type CachePushInputs = z.output<typeof cachePushInputs>;

/** State of `nixos:index:CachePush`. */
export const cachePushState = cachePushInputs.omit({ secretKey: true }).extend({
  complete: z
    .boolean()
    .describe('Whether the closure is in the cache; where it is not, the next up tries again.'),
  paths: z.int().describe('Paths of the closure.'),
  mebibytes: z.number().describe('Their size, unpacked, in MiB.'),
  claim,
});
export type CachePushState = z.output<typeof cachePushState>;
