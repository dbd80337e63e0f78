import { type Clock, realClock } from './clock.ts';
import { FleetError } from './errors.ts';

export interface WaitOptions {
  /** Timeout in seconds. Except for the first, no check starts later. */
  limitSeconds: number;
  /** Pause between two checks, in seconds; default 0.05. */
  intervalSeconds?: number;
  signal?: AbortSignal | undefined;
  clock?: Clock | undefined;
}

/**
 * Polls until a check succeeds. Returns its first value other than undefined and false, or undefined on timeout.
 * @param check gets the seconds left, 0 or fewer at the end
 * @throws FleetError cancelled
 */
export async function until<T>(
  check: (leftSeconds: number) => T | false | undefined | Promise<T | false | undefined>,
  { limitSeconds, intervalSeconds = 0.05, signal, clock = realClock }: WaitOptions,
): Promise<T | undefined> {
  const end = clock.now() + limitSeconds * 1000;
  const left = () => (end - clock.now()) / 1000;
  for (;;) {
    const value = await check(left());
    if (value !== undefined && value !== false) return value;
    if (signal?.aborted) throw waitCancelled();
    if (left() <= intervalSeconds) return undefined;
    await pause(intervalSeconds, clock, signal);
  }
}

/**
 * Waits for a number of seconds.
 * @throws FleetError cancelled
 */
export function pause(seconds: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(waitCancelled());
      return;
    }
    const abort = () => {
      stop();
      reject(waitCancelled());
    };
    const stop = clock.after(seconds * 1000, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** The error of a wait that was aborted. */
export function waitCancelled(): FleetError {
  return new FleetError({ code: 'cancelled', what: 'waiting was cancelled' });
}
