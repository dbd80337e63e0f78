import { type Clock, realClock } from '../../lib/base/clock.ts';

/**
 * Pulumi starts no new step once one has failed (without --continue-on-error), so that one broken machine would keep
 * the others from being deployed. The answer of a failed operation is therefore held back while others run, and for a
 * grace time after that in which the program can bring the next steps; then all held answers go out.
 *
 * A held answer waits for no other held answer, so there is always an end: when nothing has happened for the grace
 * time, everything is released.
 */
export class FailureHold {
  readonly #graceMilliseconds: number;
  readonly #clock: Clock;
  #running = 0;
  #lastSeen = 0;
  #held: (() => void)[] = [];
  #stopTimer: (() => void) | undefined;
  #open = false;

  constructor(graceMilliseconds = 1000, clock: Clock = realClock) {
    this.#graceMilliseconds = graceMilliseconds;
    this.#clock = clock;
  }

  /** An operation begins. Call the result once, when it has ended; a failure then waits at `hold`. */
  begin(): () => void {
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
    const left = this.#lastSeen + this.#graceMilliseconds - this.#clock.now();
    if (left <= 0) this.#release();
    else this.#stopTimer = this.#clock.after(left, () => this.#schedule());
  }

  #release(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    for (const resolve of this.#held.splice(0)) resolve();
  }
}
