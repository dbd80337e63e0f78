import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { FleetError } from '../../base/errors.ts';
import { replaceFile } from '../../base/files.ts';
import { run } from '../../base/process/run.ts';

/** Path of a file, split so that the recorded part is the same on every operator's computer. */
export interface Place {
  /** Absolute path. */
  folder: string;
  /** Relative to the folder, or absolute. */
  file: string;
}

export function pathOf({ folder, file }: Place): string {
  return resolve(folder, file);
}

/**
 * The file's text; undefined if it does not exist.
 * @throws FleetError hardware-failed
 */
export function readHardwareFile(place: Place): string | undefined {
  try {
    return readFileSync(pathOf(place), 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new FleetError({
      code: 'hardware-failed',
      what: `${place.file} could not be read`,
      why: message,
      fix: 'Check its path and permissions.',
    });
  }
}

/**
 * Writes the file atomically. Keeps its permissions; a symbolic link stays a link.
 * @throws FleetError hardware-failed
 */
export async function writeHardwareFile(place: Place, text: string): Promise<void> {
  try {
    await replaceFile(pathOf(place), text);
  } catch (cause) {
    throw new FleetError({
      code: 'hardware-failed',
      what: `${place.file} could not be written`,
      why: (cause as Error).message,
      fix: 'Check that its folder is writable and has free space, then run again.',
      cause,
    });
  }
}

/**
 * A note on a file that git does not track, so that the flake does not see it. Undefined if it is tracked, outside of any
 * repository, and without git.
 */
export async function untrackedNote(place: Place): Promise<string | undefined> {
  const path = pathOf(place);
  const tracked = await run('git', ['-C', dirname(path), 'ls-files', '--error-unmatch', '--', path], {
    timeoutSeconds: 30,
  }).then(
    () => true,
    (error: { exitCode?: number }) => error.exitCode !== 1,
  );
  if (tracked) return undefined;
  return `git does not track ${place.file}, so the flake does not see it. Run: git add -N ${place.file}`;
}
