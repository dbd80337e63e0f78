import { setTimeout as sleep } from 'node:timers/promises';
import { FleetError } from './errors.ts';

export interface Waiting {
  /** How long to wait, in seconds; no look begins later, but for the first. */
  limitSeconds: number;
  /** Pause between two looks, in seconds; 0.05 by default. */
  intervalSeconds?: number;
  signal?: AbortSignal;
}

/**
 * Looks again and again until something holds. Returns the first value other than undefined and false, or undefined
 * when the time is over.
 * @param look gets the seconds that are left, which are 0 or fewer at the end
 * @throws FleetError cancelled
 */
export async function until<T>(
  look: (leftSeconds: number) => T | false | undefined | Promise<T | false | undefined>,
  { limitSeconds, intervalSeconds = 0.05, signal }: Waiting,
): Promise<T | undefined> {
  const end = performance.now() + limitSeconds * 1000;
  const left = () => (end - performance.now()) / 1000;
  for (;;) {
    const value = await look(left());
    if (value !== undefined && value !== false) return value;
    if (signal?.aborted) throw cancelled();
    if (left() <= intervalSeconds) return undefined;
    await sleep(intervalSeconds * 1000, undefined, { signal }).catch(() => {
      throw cancelled();
    });
  }
}

function cancelled(): FleetError {
  return new FleetError({ code: 'cancelled', what: 'waiting was cancelled' });
}
