import { lstatSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { FleetError } from '../../base/errors.ts';

/** Longest folder name that leaves room for a control socket: 104 bytes, less ssh's own suffix and our name. */
const longest = 55;

/**
 * A folder of the user's alone for control sockets and known_hosts files: under XDG_RUNTIME_DIR, else in /tmp.
 * @throws FleetError where somebody else owns that folder.
 */
export function runtimeDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { uid } = userInfo();
  const given = environment.XDG_RUNTIME_DIR;
  const usable = given?.startsWith('/') && !/\s/.test(given) && given.length <= longest && isOwn(given, uid);
  const directory = given && usable ? join(given, 'nixos-fleet') : `/tmp/nixos-fleet-${uid}`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!isOwn(directory, uid)) {
    throw new FleetError({
      code: 'command-failed',
      what: `cannot keep ssh connections in ${directory}`,
      why: 'it is not a folder that you alone may use',
      fix: `Remove it, or set XDG_RUNTIME_DIR to a folder of your own of at most ${longest} characters.`,
    });
  }
  return directory;
}

function isOwn(directory: string, uid: number): boolean {
  const status = lstatSync(directory, { throwIfNoEntry: false });
  return status?.isDirectory() === true && status.uid === uid && (status.mode & 0o077) === 0;
}
