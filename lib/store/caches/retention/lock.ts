import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FleetError } from '../../../base/errors.ts';
import { runToEnd } from '../../../base/process/run.ts';

const holder = fileURLToPath(new URL('./hold-lock.sh', import.meta.url));

/** Exit code that flock is told to end with where the lock is held by somebody else. */
const busyCode = 75;

/** The shell's code for a program that is not there. */
const missingCode = '127';

export interface LockOptions {
  /** `shared` for those that push, of which there may be many; `exclusive` for the one that removes. */
  mode: 'shared' | 'exclusive';
  /** Longest time to wait for it. */
  waitSeconds: number;
  signal?: AbortSignal;
}

/**
 * Works while a folder that is a cache is locked, by the kernel's lock on a file in it: it is let go whatever happens to this
 * process. Where the `flock` program is missing, those that push go on without, and nobody removes anything.
 * @throws FleetError cache-failed where the lock is not to be had; tool-missing, cancelled; and what `work` throws
 */
export async function withFolderLock<T>(
  folder: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  try {
    await mkdir(join(folder, 'nixos-fleet'), { recursive: true });
    const release = await lock(folder, options);
    try {
      return await work();
    } finally {
      await release();
    }
  } catch (error) {
    // Of the file system: no right, no room, read-only.
    if (error instanceof Error && 'syscall' in error) throw notWorkedOn(folder, error);
    throw error;
  }
}

/** Takes the lock; the answer lets it go. A cancel ends the waiting, and takes no lock away from work under way. */
async function lock(
  folder: string,
  { mode, waitSeconds, signal }: LockOptions,
): Promise<() => Promise<void>> {
  const said = Promise.withResolvers<string>();
  const done = Promise.withResolvers<void>();
  // With a limit of 0 it would wait forever.
  const limit = waitSeconds > 0 ? ['--timeout', String(waitSeconds)] : ['--nonblock'];
  const flock = ['flock', '--conflict-exit-code', String(busyCode), ...limit, `--${mode}`];
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  const ended = runToEnd('sh', [holder, ...flock, join(folder, 'nixos-fleet', 'lock')], {
    input: nothingUntil(done.promise),
    onStdoutLine: said.resolve,
    signal: waiting.signal,
  });
  ended.then(() => said.resolve('ended'), said.reject);
  const release = async () => {
    done.resolve();
    // It is let go when its holder has ended.
    await ended.catch(() => undefined);
  };
  try {
    const word = await said.promise;
    const without = word === missingCode && mode === 'shared';
    if (word !== 'held' && !without) throw notHeld(folder, word);
  } catch (error) {
    await release();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return release;
}

async function* nothingUntil(end: Promise<void>): AsyncGenerator<Uint8Array> {
  await end;
  yield* [];
}

function notHeld(folder: string, word: string): FleetError {
  const missing = word === missingCode;
  const busy = word === String(busyCode);
  return new FleetError({
    code: missing ? 'tool-missing' : 'cache-failed',
    what: `the cache in ${folder} could not be locked`,
    why: missing
      ? 'flock is not on PATH'
      : busy
        ? 'somebody pushes to it, or removes from it'
        : `flock said: ${word}`,
    fix: missing ? 'Install util-linux.' : 'The next up tries again.',
  });
}

function notWorkedOn(folder: string, error: Error): FleetError {
  return new FleetError({
    code: 'cache-failed',
    what: `the cache in ${folder} could not be worked on`,
    why: error.message,
    fix: 'Is it yours to write to, and is there room?',
    cause: error,
  });
}
