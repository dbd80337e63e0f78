import * as z from 'zod';
import { connection } from './connection.ts';
import { claim, takeOverFrom } from './ownership.ts';

/** A binary cache as a machine asks it. */
export const substituter = z.object({
  url: z
    .string()
    .regex(/^[a-z][a-z0-9+-]*:\/\/\S+$/, 'must be an address such as https://cache.example.org')
    .describe('Where the machine asks it.'),
  publicKeys: z
    .array(z.string().regex(/^[^:\s]+:[A-Za-z0-9+/]{43}=$/, 'must be a public key, as NAME:BASE64'))
    .describe('Keys whose signatures the machine accepts.'),
  priority: z
    .int()
    .min(0)
    .max(1000)
    .default(30)
    .describe('Caches with a lower number are used first; cache.nixos.org has 40.'),
});

/** Where the caches of a machine are written down; the module `nix-settings` includes it in nix.conf. */
export const substitutersFile = '/var/lib/nixos-fleet/nix-caches.conf';

/** Inputs of `nixos:index:Substituters`: the binary caches that one machine asks, and the keys it trusts. */
export const substitutersInputs = z.object({
  host: z.string().describe('Name of the machine in the stack’s config.'),
  connection,
  caches: z.record(z.string(), substituter).describe('The caches, by name.'),
  connectTimeoutSeconds: z
    .int()
    .min(1)
    .max(300)
    .default(5)
    .describe('Seconds after which a cache that does not answer is passed over.'),
  machineId: z
    .string()
    .optional()
    .describe('Machine-id that the machine must have. Without it, the first machine reached is adopted.'),
  takeOverFrom,
});
export type SubstitutersInputs = z.output<typeof substitutersInputs>;

/** State of `nixos:index:Substituters`. */
export const substitutersState = substitutersInputs.extend({
  content: z
    .enum(['in-place', 'changed', 'absent'])
    .describe('Whether the file on the machine holds them; `changed` where it was edited by other means.'),
  claim,
});
