import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, FleetError } from '../base/errors.ts';
import { undefinedIfMissing } from '../base/files.ts';
import { cacheRoot } from '../base/home.ts';
import { ProcessError } from '../base/process/process-error.ts';
import { run } from '../base/process/run.ts';

/** Programs or files that a script in setup/ installs into the cache folder on first use. */
export interface SetUp<Found> {
  /** The script, relative to setup/. */
  script: string;
  /** Prefix of the folder's name, before the hash of `files`. */
  prefix: string;
  /** The files that the script hashes, in the same order, relative to setup/. */
  files: readonly string[];
  /** What it sets up, for messages: 'the lab'. */
  what: string;
  code: ErrorCode;
  /** Reads the folder; undefined if it is incomplete. */
  read(folder: string): Promise<Found | undefined>;
}

const setup = join(import.meta.dirname, '../../setup');

/** The result of an earlier set-up, or undefined. Runs nothing. */
export async function findSetUp<Found>(setUp: SetUp<Found>): Promise<Found | undefined> {
  return await setUp.read(await folderOf(setUp)).catch(undefinedIfMissing);
}

/** Runs a set-up at most once per process; a failed one is tried again. */
export function setUpOnce<Found>(
  setUp: SetUp<Found>,
): (onProgress?: (line: string) => void) => Promise<Found> {
  let result: Promise<Found> | undefined;
  return (onProgress) => {
    result ??= runSetUp(setUp, onProgress).catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
}

/**
 * The result of an earlier set-up, or else runs the script, which reports progress to `onProgress`.
 *
 * @throws FleetError with the set-up's code and the script's message.
 */
export async function runSetUp<Found>(
  setUp: SetUp<Found>,
  onProgress: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Promise<Found> {
  const { script, what, code } = setUp;
  const before = await findSetUp(setUp);
  if (before) return before;
  try {
    await run(join(setup, script), [], { onStderrLine: onProgress, timeoutSeconds: 1800 });
  } catch (cause) {
    throw new FleetError({
      code,
      what: `cannot set up ${what}`,
      why: cause instanceof ProcessError ? cause.stderr : String(cause),
      fix: `Run ${join(setup, 'with')} ${join(setup, script)} to see only this step.`,
      cause,
    });
  }
  const result = await findSetUp(setUp);
  if (result) return result;
  throw new FleetError({
    code,
    what: `the set-up of ${what} left no usable result`,
    why: await folderOf(setUp),
  });
}

async function folderOf({ prefix, files }: SetUp<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(join(setup, file)));
  return join(cacheRoot(), `${prefix}-${hash.digest('hex').slice(0, 12)}`);
}
