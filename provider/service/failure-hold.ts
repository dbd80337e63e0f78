import { type Clock, realClock } from '../../lib/base/clock.ts';

/**
 * Pulumi starts no new step once one has failed (without --continue-on-error), so that one broken machine would keep
 * the others from being deployed. The answer of a failed operation is therefore held back while others run, and for a
 * grace time after that in which the program can bring the next steps; then all held answers go out.
 *
 * A held answer waits for no other held answer, so there is always an end: when nothing has happened for the grace
 * time, everything is released. While a deployment that the engine compared has not begun, or an operation waits for others, the
 * grace time is longer: on a busy computer the engine takes seconds between two steps.
 */
export class FailureHold {
  readonly #graceMilliseconds: number;
  readonly #clock: Clock;
  readonly #expected = new Map<string, string>();
  #running = 0;
  #lastSeen = 0;
  #held: (() => void)[] = [];
  #quiet = new Set<() => void>();
  #stopTimer: (() => void) | undefined;
  #open = false;

  constructor(graceMilliseconds = 1000, clock: Clock = realClock) {
    this.#graceMilliseconds = graceMilliseconds;
    this.#clock = clock;
  }

  /** A change of a resource, of this machine, is to come. */
  expect(resource: string, host: string): void {
    this.#expected.set(resource, host);
  }

  /** What was to come for a machine does not: it failed. */
  forget(host: string): void {
    for (const [resource, each] of this.#expected) if (each === host) this.#expected.delete(resource);
  }

  /** An operation begins. Call the result once, when it has ended; a failure then waits at `hold`. */
  begin(resource = ''): () => void {
    this.#expected.delete(resource);
    this.#running += 1;
    this.seen();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#running -= 1;
      this.seen();
    };
  }

  /** The engine is busy with this provider: the grace time restarts. */
  seen(): void {
    this.#lastSeen = this.#clock.now();
    this.#schedule();
  }

  /** Resolves when a failure may be reported. */
  hold(): Promise<void> {
    if (this.#open) return Promise.resolve();
    return new Promise((resolve) => {
      this.#held.push(resolve);
      this.#schedule();
    });
  }

  /**
   * Resolves, for an operation that waits for others, when all that run wait like this and nothing has happened for the grace time;
   * or when it is aborted. Failures are held until those that waited have ended.
   */
  quiet(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        signal.removeEventListener('abort', end);
        this.#quiet.delete(end);
        resolve();
        this.#schedule();
      };
      this.#quiet.add(end);
      signal.addEventListener('abort', end, { once: true });
      this.#schedule();
    });
  }

  /** Lets every failure through, held ones and later ones: the run is being cancelled. */
  open(): void {
    this.#open = true;
    this.#release();
  }

  /** Holds failures back again, after `open`. */
  close(): void {
    this.#open = false;
  }

  get running(): number {
    return this.#running;
  }

  #schedule(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const isWaited = this.#quiet.size > 0 || (this.#held.length > 0 && this.#running === 0);
    if (!isWaited || this.#running > this.#quiet.size) return;
    const isPatient = this.#expected.size > 0 || this.#quiet.size > 0;
    const grace = this.#graceMilliseconds * (isPatient ? 30 : 1);
    const left = this.#lastSeen + grace - this.#clock.now();
    if (left > 0) this.#stopTimer = this.#clock.after(left, () => this.#schedule());
    else if (this.#quiet.size > 0) for (const end of [...this.#quiet]) end();
    else this.#release();
  }

  #release(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    for (const resolve of this.#held.splice(0)) resolve();
  }
}
