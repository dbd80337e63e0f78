import { homedir } from 'node:os';
import { join } from 'node:path';

/** Replaces a leading `~/` by the user's home folder. */
export function expandHome(path: string): string {
  return path.replace(/^~(?=\/)/, process.env.HOME ?? '~');
}

/** Cache folder. Everything in it can be recreated: programs of the set-up, facts, texts. */
export function cacheRoot(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nixos-fleet', 'v1');
}
