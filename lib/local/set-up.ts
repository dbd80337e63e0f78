import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, FleetError } from '../base/errors.ts';
import { undefinedIfMissing } from '../base/files.ts';
import { cacheRoot } from '../base/home.ts';
import { ProcessError } from '../base/process/process-error.ts';
import { run } from '../base/process/run.ts';

/** Something that a script of setup/ brings into the cache folder when it is first needed. */
export interface SetUp<Found> {
  /** The script, relative to setup/. */
  script: string;
  /** What its folder's name begins with; a hash of the files follows. */
  prefix: string;
  /** The same files in the same order as the script hashes, relative to setup/. */
  files: readonly string[];
  /** What it brings, for messages: 'the lab'. */
  what: string;
  code: ErrorCode;
  /** Reads what is there; undefined where it is not whole. */
  read(folder: string): Promise<Found | undefined>;
}

const setup = join(import.meta.dirname, '../../setup');

/** What was brought before, or undefined; brings nothing. */
export async function findBrought<Found>(setUp: SetUp<Found>): Promise<Found | undefined> {
  return await setUp.read(await folderOf(setUp)).catch(undefinedIfMissing);
}

/** A function that brings a set-up's things as `bring` does, once a process: what failed is tried again. */
export function bringOnce<Found>(
  setUp: SetUp<Found>,
): (onProgress?: (line: string) => void) => Promise<Found> {
  let brought: Promise<Found> | undefined;
  return (onProgress) => {
    brought ??= bring(setUp, onProgress).catch((error: unknown) => {
      brought = undefined;
      throw error;
    });
    return brought;
  };
}

/**
 * What was brought before or, where it is not there, what the script brings now, with its progress through `onProgress`.
 *
 * @throws FleetError of the set-up's code, with the script's own words.
 */
export async function bring<Found>(
  setUp: SetUp<Found>,
  onProgress: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Promise<Found> {
  const { script, what, code } = setUp;
  const before = await findBrought(setUp);
  if (before) return before;
  try {
    await run(join(setup, script), [], { onStderrLine: onProgress, timeoutSeconds: 1800 });
  } catch (cause) {
    throw new FleetError({
      code,
      what: `cannot set up ${what}`,
      why: cause instanceof ProcessError ? cause.stderr : String(cause),
      fix: `Run setup/with setup/${script} to see it alone.`,
      cause,
    });
  }
  const brought = await findBrought(setUp);
  if (brought) return brought;
  throw new FleetError({
    code,
    what: `the set-up of ${what} ended, but left nothing`,
    why: await folderOf(setUp),
  });
}

async function folderOf({ prefix, files }: SetUp<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(join(setup, file)));
  return join(cacheRoot(), `${prefix}-${hash.digest('hex').slice(0, 12)}`);
}
