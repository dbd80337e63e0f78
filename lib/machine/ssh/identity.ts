import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expandHome } from '../../base/home.ts';
import { fingerprint } from '../../base/host-key.ts';

/**
 * SHA256 fingerprint of the key in an identity file, told by the public key beside it (`FILE.pub`). Undefined where
 * there is none: which key an agent or ssh_config brings is not known before a connection is made.
 */
export function identityFingerprint(identityFile: string | undefined): string | undefined {
  if (identityFile === undefined) return undefined;
  const file = `${resolve(expandHome(identityFile))}.pub`;
  try {
    const line = readFileSync(file, 'utf8').trim();
    return /^(ssh|ecdsa|sk)-\S+ AAAA/.test(line) ? fingerprint(line) : undefined;
  } catch {
    return undefined;
  }
}
