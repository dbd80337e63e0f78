import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../base/files.ts';
import { sha256 } from '../../base/hash.ts';
import { cacheRoot } from '../../base/home.ts';
import { type ClosureChange, closureChange } from './change.ts';

/** The change from one system to another as it was found last on this computer. */
export function keptChange(old: string, desired: string): ClosureChange | undefined {
  try {
    return closureChange.parse(JSON.parse(readFileSync(fileOf(old, desired), 'utf8')));
  } catch {
    return undefined;
  }
}

export async function keepChange(old: string, desired: string, change: ClosureChange): Promise<void> {
  await writeAtomically(fileOf(old, desired), JSON.stringify(change));
}

function fileOf(old: string, desired: string): string {
  return join(cacheRoot(), 'closures', `${sha256(`${old} ${desired}`).slice(0, 40)}.json`);
}
