import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { FleetError } from '../../base/errors.ts';

/** A key pair in Nix's notation, NAME:BASE64 each. */
export interface KeyPair {
  secretKey: string;
  publicKey: string;
}

/** The name in front of a key or a signature. */
export function keyName(text: string): string {
  return text.slice(0, text.indexOf(':'));
}

// What comes before the 32 bytes of an Ed25519 key in its DER form.
const secretPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * The pair of a secret key as `nix key generate-secret` prints it. Never shows the key.
 * @throws FleetError config-invalid where it is not one
 */
export function parseSecretKey(text: string, where: string): KeyPair {
  const secretKey = text.trim();
  const [, name, base64 = ''] = /^([^:\s]+):([A-Za-z0-9+/]+=*)$/.exec(secretKey) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  const own = bytes.length === 64 ? publicBytes(bytes.subarray(0, 32)) : undefined;
  if (name && own?.equals(bytes.subarray(32))) {
    return { secretKey, publicKey: `${name}:${own.toString('base64')}` };
  }
  throw new FleetError({
    code: 'config-invalid',
    what: `${where} holds no secret signing key`,
    why: 'a key is NAME:BASE64 of 64 bytes, as nix key generate-secret prints it',
    fix: 'A public key has 32 bytes, and cannot sign.',
  });
}

function publicBytes(seed: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([secretPrefix, seed]), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** What a signature is made of: a store path, its content and what it refers to. */
export interface Signed {
  path: string;
  /** As `nix path-info --json` has it: sha256-BASE64, or sha256:NIX32. */
  narHash: string;
  narSize: number;
  references: readonly string[];
  signatures: readonly string[];
}

/** Whether one of the path's signatures was truly made by this key; a name alone proves nothing. */
export function isSignedBy(info: Signed, publicKey: string): boolean {
  const name = keyName(publicKey);
  const bytes = Buffer.from(publicKey.slice(name.length + 1), 'base64');
  const made = info.signatures.filter((signature) => keyName(signature) === name);
  if (made.length === 0 || bytes.length !== 32) return false;
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, bytes]), format: 'der', type: 'spki' });
  const text = Buffer.from(fingerprint(info));
  return made.some((signature) =>
    verify(null, text, key, Buffer.from(signature.slice(name.length + 1), 'base64')),
  );
}

/** The text that Nix signs. */
function fingerprint({ path, narHash, narSize, references }: Signed): string {
  return `1;${path};${nix32Hash(narHash)};${narSize};${[...references].sort().join(',')}`;
}

const digits = '0123456789abcdfghijklmnpqrsvwxyz';

/** sha256-BASE64 to sha256:NIX32, Nix's own base 32, which is written from the last bit to the first. */
export function nix32Hash(hash: string): string {
  if (!hash.startsWith('sha256-')) return hash;
  const bytes = Buffer.from(hash.slice('sha256-'.length), 'base64');
  let text = '';
  for (let at = Math.ceil((bytes.length * 8) / 5) - 1; at >= 0; at--) {
    const bit = at * 5;
    const low = bytes[bit >> 3] ?? 0;
    const high = bytes[(bit >> 3) + 1] ?? 0;
    text += digits[((low >> (bit & 7)) | (high << (8 - (bit & 7)))) & 31];
  }
  return `sha256:${text}`;
}
