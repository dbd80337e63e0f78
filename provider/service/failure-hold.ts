import { type Clock, realClock } from '../../lib/base/clock.ts';

/**
 * Pulumi starts no new step once one has failed (without --continue-on-error), so that one broken machine would keep
 * the others from being deployed. The answer of a failed operation is therefore held back while others run, and for a
 * grace time after that in which the program can bring the next steps; then all held answers go out.
 *
 * A held answer waits for no other held answer, so there is always an end: when nothing has happened for the grace
 * time, everything is released. While a deployment that the engine compared has not begun, the grace time is longer: on a
 * busy computer the engine takes seconds between two steps.
 */
export class FailureHold {
  readonly #graceMilliseconds: number;
  readonly #clock: Clock;
  readonly #expected = new Map<string, string>();
  #running = 0;
  #lastSeen = 0;
  #held: (() => void)[] = [];
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
    if (this.#held.length === 0 || this.#running > 0) return;
    const grace = this.#graceMilliseconds * (this.#expected.size > 0 ? 30 : 1);
    const left = this.#lastSeen + grace - this.#clock.now();
    if (left <= 0) this.#release();
    else this.#stopTimer = this.#clock.after(left, () => this.#schedule());
  }

  #release(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    for (const resolve of this.#held.splice(0)) resolve();
  }
}
