import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expandHome } from '../../base/home.ts';
import { fingerprint } from '../../base/host-key.ts';

/**
 * SHA256 fingerprint of an identity file's key, read from `FILE.pub`. Undefined if there is no such file, or no identity file:
 * which key ssh-agent or ssh_config provides is unknown before connecting.
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
