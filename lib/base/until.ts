import { type Clock, realClock } from './clock.ts';
import { FleetError } from './errors.ts';

export interface Waiting {
  /** How long to wait, in seconds; no look begins later, but for the first. */
  limitSeconds: number;
  /** Pause between two looks, in seconds; 0.05 by default. */
  intervalSeconds?: number;
  signal?: AbortSignal;
  clock?: Clock;
}

/**
 * Looks again and again until something holds. Returns the first value other than undefined and false, or undefined
 * when the time is over.
 * @param look gets the seconds that are left, which are 0 or fewer at the end
 * @throws FleetError cancelled
 */
export async function until<T>(
  look: (leftSeconds: number) => T | false | undefined | Promise<T | false | undefined>,
  { limitSeconds, intervalSeconds = 0.05, signal, clock = realClock }: Waiting,
): Promise<T | undefined> {
  const end = clock.now() + limitSeconds * 1000;
  const left = () => (end - clock.now()) / 1000;
  for (;;) {
    const value = await look(left());
    if (value !== undefined && value !== false) return value;
    if (signal?.aborted) throw cancelled();
    if (left() <= intervalSeconds) return undefined;
    await pause(intervalSeconds, clock, signal);
  }
}

function pause(seconds: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      stop();
      reject(cancelled());
    };
    const stop = clock.after(seconds * 1000, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}

function cancelled(): FleetError {
  return new FleetError({ code: 'cancelled', what: 'waiting was cancelled' });
}
