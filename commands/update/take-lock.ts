import { readFile } from 'node:fs/promises';
import { FleetError } from '../../lib/base/errors.ts';
import { replaceFile } from '../../lib/base/files.ts';
import type { NewLock } from './update.ts';

/**
 * Replaces the flake's lock file atomically.
 * @throws FleetError flake-invalid if it has changed meanwhile
 */
export async function takeLock({ path, before, after }: NewLock): Promise<void> {
  if ((await readFile(path, 'utf8')) !== before) {
    throw new FleetError({
      code: 'flake-invalid',
      what: `${path} has changed meanwhile`,
      fix: 'Run again: the file was not touched.',
    });
  }
  await replaceFile(path, after);
}
