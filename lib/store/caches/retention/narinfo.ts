import { basename } from 'node:path';

/** What a binary cache says of one path in its NARINFO file, as far as it decides what stays. */
export interface CachedPath {
  /** Name in the store: HASH-NAME. */
  name: string;
  /** Names of what it refers to; itself, too, where it does. */
  references: readonly string[];
  /** The packed file, below the cache's folder. */
  file: string;
  /** Bytes of that file. */
  fileSize: number;
  /** When it came into the cache, or was signed last: milliseconds since 1970. */
  changedAt: number;
}

/** Reads a NARINFO file; undefined where it is none. Pure. */
export function parseNarinfo(text: string, changedAt: number): CachedPath | undefined {
  const value = (key: string) => new RegExp(`^${key}: *(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const name = basename(value('StorePath'));
  const file = value('URL');
  if (!/^[0-9a-z]{32}-./.test(name) || !file) return undefined;
  const references = value('References').split(/\s+/).filter(Boolean);
  return { name, references, file, fileSize: Number(value('FileSize')) || 0, changedAt };
}
