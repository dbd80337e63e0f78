import type { RotationPhase } from '../../../schema/signing-key.ts';
import { FleetError } from '../../base/errors.ts';
import { type KeyPair, keyName } from '../nix/key-format.ts';

/** The keys of one cache: the one that signs, the one that comes after it, and those that machines are to trust. */
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

/** The name of the key that the ring is on its way to. */
export function goalOf({ signing, next }: KeyRing): string {
  return keyName((next ?? signing).publicKey);
}

/** First step: machines come to trust the new key beside the old one, which goes on signing. */
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

/** Back to the key that signs, where the new one has signed nothing yet. */
export function abandonRotation({ signing }: KeyRing): KeyRing {
  return newRing(signing);
}

/**
 * The next step, if it can be made: a new key signs once every machine trusts it, and the old one is dropped after that.
 * @param everyoneTrusts whether every consumer trusts a public key
 */
export function advance(ring: KeyRing, everyoneTrusts: (publicKey: string) => boolean): KeyRing {
  const { next, phase, trusted, signing } = ring;
  if (phase === 'trust-both' && next) {
    return everyoneTrusts(next.publicKey) ? { signing: next, trusted, phase: 'sign-with-new' } : ring;
  }
  return phase === 'sign-with-new' ? newRing(signing) : ring;
}

function nameTaken(name: string): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `a new key cannot have the name ${name}`,
    why: 'machines know a key by its name, and still trust another one of this name',
    fix: 'Count on: give it the next number.',
  });
}

/** What the next `up` does in a rotation, for the preview. */
export function rotationNote(
  ring: Pick<KeyRing, 'phase'> & { publicKey: string; nextPublicKey?: string },
  asked: string,
  waitingFor: readonly string[],
): string | undefined {
  const old = keyName(ring.publicKey);
  const next = ring.nextPublicKey && keyName(ring.nextPublicKey);
  if (ring.phase === 'trust-both' && next === asked) {
    const waits = waitingFor.length > 0 ? `; the last up waited for ${waitingFor.join(', ')}` : '';
    return `rotation, step 2 of 3: signs with ${next} in the place of ${old} once every machine trusts it${waits}`;
  }
  if (ring.phase === 'sign-with-new' && old === asked) {
    return `rotation, step 3 of 3: machines trust ${old} alone again`;
  }
  if (asked === old) return ring.phase === 'trust-both' ? `rotation to ${next} is given up` : undefined;
  return `rotation, step 1 of 3: machines come to trust ${asked} beside ${old}, which goes on signing`;
}
