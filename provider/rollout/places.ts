import { waitCancelled } from '../../lib/base/until.ts';

/** A number of places, taken in the order in which they were wanted. */
export class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count default: any number */
  constructor(count = Number.POSITIVE_INFINITY) {
    this.#free = count;
  }

  /**
   * Waits for a place.
   * @returns gives the place back; later calls do nothing
   * @throws FleetError cancelled
   */
  async take(signal: AbortSignal): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#next(signal);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = () => {
        const at = this.#waiting.indexOf(begin);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(waitCancelled());
      };
      const begin = () => {
        signal.removeEventListener('abort', cancel);
        resolve();
      };
      if (signal.aborted) return cancel();
      this.#waiting.push(begin);
      signal.addEventListener('abort', cancel, { once: true });
    });
  }
}
