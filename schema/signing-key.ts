import * as z from 'zod';
import { connection } from './connection.ts';

/** Inputs of `nixos:index:SigningKey`: the key that a binary cache signs with. */
export const signingKeyInputs = z.object({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be of letters, digits, dots, hyphens and underscores')
    .describe(
      'Name of the key, by custom the cache’s host name and a number: cache.example.org-1. Another name begins a rotation to a new key.',
    ),
  consumers: z
    .record(z.string(), connection)
    .default({})
    .describe('Machines that must trust a new key before anything is signed with it, by name.'),
  rotation: z
    .enum(['gradual', 'at-once'])
    .default('gradual')
    .describe(
      'How a new key takes the place of the old one: `gradual`, one step an `up`, or `at-once`, where the old one is in wrong hands: what it signed is refused from then on.',
    ),
});
export type SigningKeyInputs = z.output<typeof signingKeyInputs>;

/** Where a rotation is. */
const rotationPhase = z.enum(['stable', 'trust-both', 'sign-with-new']);
export type RotationPhase = z.output<typeof rotationPhase>;

/** State of `nixos:index:SigningKey`. */
export const signingKeyState = signingKeyInputs.extend({
  publicKey: z.string().describe('Public key of the one that signs, as NAME:BASE64.'),
  secretKey: z.string().describe('The key that signs. Always a secret.'),
  trustedKeys: z
    .array(z.string())
    .describe(
      'Public keys that machines are to trust: while a rotation is under way, the old and the new one.',
    ),
  phase: rotationPhase.describe(
    '`stable`; in a rotation `trust-both` while machines come to trust the new key beside the old one, then `sign-with-new` until the old one is dropped.',
  ),
  revokedKeys: z
    .array(z.string())
    .describe('Public keys that were dropped at once: nothing that they signed counts any more.'),
  nextPublicKey: z.string().optional().describe('Public key of the one that is about to sign.'),
  nextSecretKey: z.string().optional().describe('The key that is about to sign. Always a secret.'),
  waitingFor: z
    .array(z.string())
    .describe(
      'Machines that did not trust the new key at the last update or refresh: the rotation waits for them.',
    ),
});
export type SigningKeyState = z.output<typeof signingKeyState>;
