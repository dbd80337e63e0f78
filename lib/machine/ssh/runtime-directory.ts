import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FleetError } from '../../base/errors.ts';

/** Longest folder name that leaves room for a control socket's name within 104 bytes. */
const maxLength = 55;

/**
 * A private folder for control sockets and known_hosts files: in XDG_RUNTIME_DIR, else in /tmp.
 * @throws FleetError command-failed if the folder belongs to another user or others may access it
 */
export function runtimeDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const uid = process.getuid?.() ?? -1;
  const given = environment.XDG_RUNTIME_DIR;
  const usable =
    given?.startsWith('/') && !/\s/.test(given) && given.length <= maxLength && isOwn(given, uid);
  const directory = given && usable ? join(given, 'nixos-fleet') : `/tmp/nixos-fleet-${uid}`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!isOwn(directory, uid)) {
    throw new FleetError({
      code: 'command-failed',
      what: `ssh control sockets cannot be placed in ${directory}`,
      why: 'it is not a folder with mode 0700 that belongs to you',
      fix: `Remove it, or set XDG_RUNTIME_DIR to a folder of your own of at most ${maxLength} characters.`,
    });
  }
  return directory;
}

/** Writes a file atomically with mode 0600. A file that already has this text is not touched. */
export function writeOnce(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  const part = `${file}.${process.pid}`;
  writeFileSync(part, text, { mode: 0o600 });
  renameSync(part, file);
}

function isOwn(directory: string, uid: number): boolean {
  const status = lstatSync(directory, { throwIfNoEntry: false });
  return status?.isDirectory() === true && status.uid === uid && (status.mode & 0o077) === 0;
}
