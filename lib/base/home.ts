import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Replaces a leading `~` or `~/` by the user's home folder. */
export function expandHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, process.env.HOME ?? '~');
}

/** Name of the operator's account. Containers often run with a user id that has no account: `uid-1000`, as userInfo throws there. */
export function accountName(account: () => { username: string } = userInfo): string {
  try {
    return account().username;
  } catch {
    return process.env.USER || process.env.LOGNAME || `uid-${process.getuid?.()}`;
  }
}

/** Cache folder. Everything in it can be recreated: programs of the set-up, facts, texts. */
export function cacheRoot(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nixos-fleet', 'v1');
}
