import { createHash } from 'node:crypto';

/**
 * The SHA256 fingerprint of an authorized_keys line, as ssh-keygen -l prints it, and its comment with the key's options. Empty for
 * a blank line or a comment; a line without a key is returned as `not a key: …`.
 */
export function fingerprintOfKey(line: string): [string, string][] {
  const text = line.trim();
  if (!text || text.startsWith('#')) return [];
  const key = /^(.*?)(?:^|\s)((?:ssh|ecdsa|sk)-[a-z0-9@.-]+)\s+(AAAA[A-Za-z0-9+/=]+)(?:\s+(.*))?$/.exec(text);
  if (!key) return [[`not a key: ${text.slice(0, 40)}`, '']];
  const [, options = '', , blob = '', comment = ''] = key;
  const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '');
  return [[`SHA256:${digest}`, [comment.trim(), options && `[${options.trim()}]`].filter(Boolean).join(' ')]];
}
