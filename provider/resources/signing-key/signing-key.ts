import { readFile } from 'node:fs/promises';
import { FleetError, isFailure } from '../../../lib/base/errors.ts';
import { readMachineSettings } from '../../../lib/machine/nix-conf/machine-settings.ts';
import { machineAt } from '../../../lib/machine/ssh/machine-at.ts';
import {
  abandonRotation,
  advance,
  beginRotation,
  finalKeyName,
  type KeyRing,
  newRing,
  rotationNote,
} from '../../../lib/store/caches/rotation.ts';
import { type KeyPair, keyName, parseSecretKey } from '../../../lib/store/nix/key-format.ts';
import { generateSigningKey } from '../../../lib/store/nix/signing-key.ts';
import {
  type SigningKeyInputs,
  type SigningKeyState,
  signingKeyInputs,
  signingKeyState,
} from '../../../schema/signing-key.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Context, Resource } from '../../resource.ts';
import { isUnknown } from '../../wire/unknown.ts';

/** A key that a binary cache signs with, and its rotation. Its id is the first public key it had. */
export const signingKey: Resource<SigningKeyInputs, SigningKeyState> = {
  token: 'nixos:index:SigningKey',
  description:
    'The key that a binary cache signs with. It is generated once; its secret part is in the state alone, encrypted. Another name begins a rotation, which takes one step with each update.',
  inputs: signingKeyInputs,
  state: signingKeyState,
  secretOutputs: ['secretKey', 'nextSecretKey'],

  diff({ inputs, state }, desired) {
    const detailed = {
      ...leafDiff(inputs.name, desired.name, { at: ['name'] }),
      ...leafDiff(state.phase, 'stable', { at: ['phase'], inputDiff: false }),
    };
    const note = isUnknown(desired.name) ? undefined : rotationNote(state, desired.name, state.waitingFor);
    return changesFrom(detailed, note ? { notes: [note] } : {});
  },

  preview(desired, recorded) {
    if (!recorded) return { ...desired, phase: 'stable', revokedKeys: [], waitingFor: [] };
    const ring = ringOf(recorded.state);
    if (desired.name !== finalKeyName(ring))
      return desired.rotation === 'gradual' ? { ...desired, ...ring.signing } : desired;
    // The next step, if all machines trust the new key: only the update asks them.
    const next = advance(ring, () => true);
    return stateOf(desired, next, [], recorded.state.revokedKeys);
  },

  async create(inputs, context) {
    const pair = await generateSigningKey(inputs.name, context.signal);
    return { id: pair.publicKey, state: stateOf(inputs, newRing(pair), []) };
  },

  async read(id, recorded, context) {
    if (recorded) return { id, ...recorded };
    const pair = await pairFrom(id, context.name);
    const inputs = signingKeyInputs.parse({ name: keyName(pair.publicKey) });
    return { id: pair.publicKey, inputs, state: stateOf(inputs, newRing(pair), []) };
  },

  async update({ state }, desired, context) {
    const ring = ringOf(state);
    if (desired.name !== finalKeyName(ring)) {
      if (ring.next && desired.name === keyName(ring.signing.publicKey))
        return stateOf(desired, abandonRotation(ring), [], state.revokedKeys);
      const begun = beginRotation(ring, await generateSigningKey(desired.name, context.signal));
      if (desired.rotation === 'gradual' || !begun.next)
        return stateOf(desired, begun, [], state.revokedKeys);
      return stateOf(desired, newRing(begun.next), [], [...state.revokedKeys, ...state.trustedKeys]);
    }
    const laggards = ring.next ? await doNotTrust(ring.next, desired, context) : [];
    const next = advance(ring, () => laggards.length === 0);
    return stateOf(desired, next, laggards, state.revokedKeys);
  },

  /** The key exists in the state alone. */
  async delete() {},
};

/** Consumers whose Nix does not trust a key, or that could not be reached; all are read at once. */
async function doNotTrust(
  { publicKey }: KeyPair,
  { consumers }: SigningKeyInputs,
  context: Context,
): Promise<string[]> {
  const answers = await Promise.all(
    Object.entries(consumers).map(async ([host, connection]) => {
      try {
        const { trustedKeys } = await readMachineSettings(machineAt(host, connection), {
          signal: context.signal,
        });
        return trustedKeys.includes(publicKey) ? [] : [{ host, why: 'does not trust it yet' }];
      } catch (error) {
        if (!isFailure(error)) throw error;
        return [{ host, why: `could not be reached [${error.code}]` }];
      }
    }),
  );
  const laggards = answers.flat();
  if (laggards.length > 0) {
    const who = laggards.map(({ host, why }) => `${host} ${why}`).join(', ');
    context.log('warning', `the rotation to ${keyName(publicKey)} waits: ${who}. The next up asks again.`);
  }
  return laggards.map(({ host }) => host);
}

async function pairFrom(file: string, name: string): Promise<KeyPair> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new FleetError({
      code: 'config-invalid',
      what: `cannot import the signing key ${name} from '${file}'`,
      why: error.code === 'ENOENT' ? 'there is no such file' : error.message,
      fix: 'Give the absolute path of the file that holds the secret key.',
    });
  });
  return parseSecretKey(text, file);
}

function ringOf(state: SigningKeyState): KeyRing {
  const { publicKey, secretKey, nextPublicKey, nextSecretKey, trustedKeys, phase } = state;
  const next =
    nextPublicKey && nextSecretKey ? { publicKey: nextPublicKey, secretKey: nextSecretKey } : undefined;
  return { signing: { publicKey, secretKey }, ...(next ? { next } : {}), trusted: trustedKeys, phase };
}

function stateOf(
  inputs: SigningKeyInputs,
  ring: KeyRing,
  waitingFor: string[],
  revokedKeys: string[] = [],
): SigningKeyState {
  const { signing, next, trusted, phase } = ring;
  return {
    ...inputs,
    ...signing,
    trustedKeys: [...trusted],
    phase,
    ...(next ? { nextPublicKey: next.publicKey, nextSecretKey: next.secretKey } : {}),
    revokedKeys,
    waitingFor,
  };
}
