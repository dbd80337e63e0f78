import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { FleetError } from '../../base/errors.ts';

/** A key pair in Nix's notation, NAME:BASE64 each. */
export interface KeyPair {
  secretKey: string;
  publicKey: string;
}

/** The name of a key, or of the key that made a signature. */
export function keyName(text: string): string {
  return text.slice(0, text.indexOf(':'));
}

// DER prefixes of the 32 bytes of an Ed25519 key.
const secretPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * The key pair of a secret key in the format of `nix key generate-secret`.
 * @param where name of the text in an error, which never contains the text itself
 * @throws FleetError config-invalid if the text is not a secret key
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
    what: `${where} does not contain a secret signing key`,
    why: 'it must be NAME:BASE64 with 64 bytes, as nix key generate-secret prints it',
    fix: 'Use the secret key: a public key has 32 bytes, and cannot sign.',
  });
}

function publicBytes(seed: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([secretPrefix, seed]), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** A store path with its signatures and the data that they sign. */
export interface Signed {
  path: string;
  /** As `nix path-info --json` prints it: sha256-BASE64, or sha256:NIX32. */
  narHash: string;
  narSize: number;
  references: readonly string[];
  signatures: readonly string[];
}

/** Whether one of the signatures is valid for this key, not just of the same name. */
export function isSignedBy(info: Signed, publicKey: string): boolean {
  const name = keyName(publicKey);
  const bytes = Buffer.from(publicKey.slice(name.length + 1), 'base64');
  const candidates = info.signatures.filter((signature) => keyName(signature) === name);
  if (candidates.length === 0 || bytes.length !== 32) return false;
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, bytes]), format: 'der', type: 'spki' });
  const text = Buffer.from(fingerprint(info));
  return candidates.some((signature) =>
    verify(null, text, key, Buffer.from(signature.slice(name.length + 1), 'base64')),
  );
}

/** The text that Nix signs. */
function fingerprint({ path, narHash, narSize, references }: Signed): string {
  return `1;${path};${nix32Hash(narHash)};${narSize};${[...references].sort().join(',')}`;
}

const digits = '0123456789abcdfghijklmnpqrsvwxyz';

/** sha256-BASE64 to sha256:NIX32. */
export function nix32Hash(hash: string): string {
  if (!hash.startsWith('sha256-')) return hash;
  return `sha256:${nix32(Buffer.from(hash.slice('sha256-'.length), 'base64'))}`;
}

/** Nix's base 32, with the last bits first. */
export function nix32(bytes: Uint8Array): string {
  let text = '';
  for (let at = Math.ceil((bytes.length * 8) / 5) - 1; at >= 0; at--) {
    const bit = at * 5;
    const low = bytes[bit >> 3] ?? 0;
    const high = bytes[(bit >> 3) + 1] ?? 0;
    text += digits[((low >> (bit & 7)) | (high << (8 - (bit & 7)))) & 31];
  }
  return text;
}
