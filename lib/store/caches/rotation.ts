import type { RotationPhase } from '../../../schema/signing-key.ts';
import { FleetError } from '../../base/errors.ts';
import { type KeyPair, keyName } from '../nix/key-format.ts';

/** The keys of one cache: the signing key, the next one, and the public keys that machines must trust. */
export interface KeyRing {
  signing: KeyPair;
  next?: KeyPair;
  trusted: readonly string[];
  phase: RotationPhase;
}

/** A ring of one key. */
export function newRing(signing: KeyPair): KeyRing {
  return { signing, trusted: [signing.publicKey], phase: 'stable' };
}

/** Name of the key that will sign after the rotation; outside of one, of the current key. */
export function finalKeyName({ signing, next }: KeyRing): string {
  return keyName((next ?? signing).publicKey);
}

/**
 * First step: machines trust the new key beside the old one, which keeps signing.
 * @throws FleetError config-invalid if a trusted key has the name of the new one
 */
export function beginRotation(ring: KeyRing, fresh: KeyPair): KeyRing {
  const name = keyName(fresh.publicKey);
  if (ring.trusted.some((key) => keyName(key) === name)) throw nameTaken(name);
  return {
    signing: ring.signing,
    next: fresh,
    trusted: [...ring.trusted, fresh.publicKey],
    phase: 'trust-both',
  };
}

/** Drops the new key, before it has signed anything. */
export function abandonRotation({ signing }: KeyRing): KeyRing {
  return newRing(signing);
}

/**
 * The ring after the next step, or the same ring: the new key signs once every machine trusts it; then the old one is dropped.
 * @param isTrusted whether every consumer trusts a public key
 */
export function advance(ring: KeyRing, isTrusted: (publicKey: string) => boolean): KeyRing {
  const { next, phase, trusted, signing } = ring;
  if (phase === 'trust-both' && next) {
    return isTrusted(next.publicKey) ? { signing: next, trusted, phase: 'sign-with-new' } : ring;
  }
  return phase === 'sign-with-new' ? newRing(signing) : ring;
}

function nameTaken(name: string): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `a new key cannot have the name ${name}`,
    why: 'machines identify a key by its name, and still trust another key of this name',
    fix: `Increment the number, for example \`${name.replace(/\d+$/, '')}${Number(/\d+$/.exec(name)?.[0] ?? 1) + 1}\`.`,
  });
}

/**
 * What the next `up` does in a rotation, for the preview; undefined outside of one.
 * @param desired name of the key in the config
 * @param waitingFor machines that do not trust the new key yet
 */
export function rotationNote(
  ring: Pick<KeyRing, 'phase'> & { publicKey: string; nextPublicKey?: string },
  desired: string,
  waitingFor: readonly string[],
): string | undefined {
  const old = keyName(ring.publicKey);
  const next = ring.nextPublicKey && keyName(ring.nextPublicKey);
  if (ring.phase === 'trust-both' && next === desired) {
    const waits = waitingFor.length > 0 ? `; the last up waited for ${waitingFor.join(', ')}` : '';
    return `rotation, step 2 of 3: signs with ${next} instead of ${old} once every machine trusts it${waits}`;
  }
  if (ring.phase === 'sign-with-new' && old === desired) {
    return `rotation, step 3 of 3: machines trust ${old} only`;
  }
  if (desired === old)
    return ring.phase === 'trust-both' ? `the rotation to ${next} is abandoned` : undefined;
  return `rotation, step 1 of 3: machines trust ${desired} beside ${old}, which keeps signing`;
}
