import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { FleetError } from '../../base/errors.ts';
import { replaceFile } from '../../base/files.ts';
import { run } from '../../base/process/run.ts';

/** Where a file is, whoever's computer this is. */
export interface Place {
  /** Absolute. */
  folder: string;
  /** Below the folder, or absolute. */
  file: string;
}

export function pathOf({ folder, file }: Place): string {
  return resolve(folder, file);
}

/**
 * What the file holds; undefined where there is none.
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
      what: `${place.file} cannot be read`,
      why: message,
      fix: 'It must be a file of yours: look at its path and its permissions.',
    });
  }
}

/**
 * Writes the file in one step: whoever reads it meanwhile sees the whole of the old one or of the new one. A symbolic link
 * stays one, and permissions stay.
 * @throws FleetError hardware-failed
 */
export async function writeHardwareFile(place: Place, text: string): Promise<void> {
  try {
    await replaceFile(pathOf(place), text);
  } catch (cause) {
    throw new FleetError({
      code: 'hardware-failed',
      what: `${place.file} cannot be written`,
      why: (cause as Error).message,
      fix: 'See to it that its folder can be written to and has room, then run again.',
      cause,
    });
  }
}

/**
 * What is to be said of a file that a flake in git does not see yet. Undefined for one that git knows, for a folder outside of
 * any repository, and where there is no git.
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
  return `git does not know ${place.file} yet, and a flake in git sees only what git knows: git add -N ${place.file}`;
}
