import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FleetError } from '../../../base/errors.ts';
import { runToEnd } from '../../../base/process/run.ts';

const holder = fileURLToPath(new URL('./hold-lock.sh', import.meta.url));

/** Exit code of flock if another process holds the lock. */
const busyCode = 75;

/** The shell's exit code for a missing program. */
const missingCode = '127';

export interface LockOptions {
  /** `shared` for pushes, `exclusive` for the removal of paths. */
  mode: 'shared' | 'exclusive';
  /** Longest time to wait for the lock. */
  waitSeconds: number;
  signal?: AbortSignal;
}

/**
 * Runs `work` while a cache's folder is locked. The kernel releases the lock even if this process is killed. Without the `flock`
 * program a shared lock is skipped, and an exclusive one fails.
 * @throws FleetError cache-failed if the lock cannot be taken; tool-missing, cancelled; and what `work` throws
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
    // Errors of the file system: no permission, no space, read-only.
    if (error instanceof Error && 'syscall' in error) throw folderError(folder, error);
    throw error;
  }
}

/** Takes the lock, and returns a function that releases it. A cancel ends the wait, but never releases a held lock. */
async function lock(
  folder: string,
  { mode, waitSeconds, signal }: LockOptions,
): Promise<() => Promise<void>> {
  const firstLine = Promise.withResolvers<string>();
  const done = Promise.withResolvers<void>();
  // A timeout of 0 would wait forever.
  const limit = waitSeconds > 0 ? ['--timeout', String(waitSeconds)] : ['--nonblock'];
  const flock = ['flock', '--conflict-exit-code', String(busyCode), ...limit, `--${mode}`];
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  const ended = runToEnd('sh', [holder, ...flock, join(folder, 'nixos-fleet', 'lock')], {
    input: emptyUntil(done.promise),
    onStdoutLine: firstLine.resolve,
    signal: waiting.signal,
  });
  ended.then(() => firstLine.resolve('nothing'), firstLine.reject);
  const release = async () => {
    done.resolve();
    // The lock is released when its holder exits.
    await ended.catch(() => undefined);
  };
  try {
    const line = await firstLine.promise;
    const isSkipped = line === missingCode && mode === 'shared';
    if (line !== 'held' && !isSkipped) throw lockError(folder, line);
  } catch (error) {
    await release();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return release;
}

/** An input without data that ends with `end`. */
async function* emptyUntil(end: Promise<void>): AsyncGenerator<Uint8Array> {
  await end;
  yield* [];
}

/** @param line exit code of flock, or what was printed instead */
function lockError(folder: string, line: string): FleetError {
  const what = `cannot lock the cache in ${folder}`;
  if (line === missingCode) {
    return new FleetError({
      code: 'tool-missing',
      what,
      why: 'flock is not on PATH',
      fix: 'Install util-linux.',
    });
  }
  return new FleetError({
    code: 'cache-failed',
    what,
    why:
      line === String(busyCode)
        ? 'another process pushes to it, or removes paths from it'
        : `flock failed: ${line}`,
    fix: 'The next up tries again.',
  });
}

function folderError(folder: string, error: Error): FleetError {
  return new FleetError({
    code: 'cache-failed',
    what: `cannot read or write the cache in ${folder}`,
    why: error.message,
    fix: 'Check the permissions of the folder and the free space of its disk.',
    cause: error,
  });
}
