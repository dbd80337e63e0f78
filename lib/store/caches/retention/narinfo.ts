import { basename } from 'node:path';

/** A path of a binary cache, from its .narinfo file. */
export interface CachedPath {
  /** Name in the store: HASH-NAME. */
  name: string;
  /** Names of the paths it refers to, possibly itself. */
  references: readonly string[];
  /** Its NAR file, relative to the cache's folder. */
  file: string;
  /** Size of the NAR file in bytes. */
  fileSize: number;
  /** When it was added or last signed: milliseconds since 1970. */
  changedAt: number;
}

/** Parses a .narinfo file; undefined if it is not one. */
export function parseNarinfo(text: string, changedAt: number): CachedPath | undefined {
  const value = (key: string) => new RegExp(`^${key}: *(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const name = basename(value('StorePath'));
  const file = value('URL');
  if (!/^[0-9a-z]{32}-./.test(name) || !file) return undefined;
  const references = value('References').split(/\s+/).filter(Boolean);
  return { name, references, file, fileSize: Number(value('FileSize')) || 0, changedAt };
}
