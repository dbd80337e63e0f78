import { homedir } from 'node:os';
import { join } from 'node:path';

/** '~/key' with the user's own folder in the place of `~`; any other path as it is. */
export function expandHome(path: string): string {
  return path.replace(/^~(?=\/)/, process.env.HOME ?? '~');
}

/** Folder of all that can be made again: what the set-up brings, facts, texts. */
export function cacheRoot(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nixos-fleet', 'v1');
}
