import { readFileSync } from 'node:fs';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../base/files.ts';
import { cacheRoot } from '../base/home.ts';
import { lineDiff } from '../base/line-diff.ts';

/** A longer text is cut: a preview shows few lines. */
const maxTextLength = 256 * 1024;

const folder = () => join(cacheRoot(), 'texts');

/** Keeps the texts of facts by their hashes. */
export async function keepTexts(texts: ReadonlyMap<string, string>): Promise<void> {
  const there = new Set(await readdir(folder()).catch(() => []));
  const now = new Date();
  await Promise.all(
    [...texts].map(([hash, text]) =>
      there.has(hash)
        ? utimes(join(folder(), hash), now, now).catch(() => undefined)
        : writeAtomically(join(folder(), hash), text.slice(0, maxTextLength)),
    ),
  );
}

/**
 * The lines that differ between the texts of two facts (`enabled 0123456789ab`, or only the hash): removed lines begin with "- ",
 * added ones with "+ ". Empty if a text is not in this computer's cache.
 * @param limit longest list of lines
 */
export function explainTextChange(oldFact: string, newFact: string, limit = 20): string[] {
  const before = textOf(oldFact);
  const after = textOf(newFact);
  if (before === undefined || after === undefined) return [];
  const lines = lineDiff(before.split('\n'), after.split('\n'));
  if (lines.length <= limit) return lines;
  return [...lines.slice(0, limit), `… ${lines.length - limit} more lines`];
}

function textOf(fact: string): string | undefined {
  const hash = /(?:^|\s)([0-9a-f]{12})$/.exec(fact)?.[1];
  if (!hash) return undefined;
  try {
    return readFileSync(join(folder(), hash), 'utf8');
  } catch {
    return undefined;
  }
}
