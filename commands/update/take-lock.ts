import { readFile } from 'node:fs/promises';
import { FleetError } from '../../lib/base/errors.ts';
import { replaceFile } from '../../lib/base/files.ts';
import type { NewLock } from './update.ts';

/**
 * Puts the new lock file in the place of the flake's own, whole or not at all.
 * @throws FleetError flake-invalid where somebody has changed it meanwhile
 */
export async function takeLock({ path, before, after }: NewLock): Promise<void> {
  if ((await readFile(path, 'utf8')) !== before) {
    throw new FleetError({
      code: 'flake-invalid',
      what: `${path} was changed by somebody else meanwhile`,
      fix: 'Run again: it was left as it is.',
    });
  }
  await replaceFile(path, after);
}
