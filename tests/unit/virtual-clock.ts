import type { Clock } from '../../lib/base/clock.ts';
import { settled } from './fake-clock.ts';

/** A clock that goes on by itself to the next timer, as soon as nothing else is left to do. */
export class VirtualClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): () => void {
    // Whole milliseconds: a wait until a time that was computed must reach it.
    const timer = { at: Math.ceil(this.#now + milliseconds), callback };
    const later = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** Runs until a promise settles. Fails if nothing is left to wait for, or at a time in milliseconds. */
  async until<T>(promise: Promise<T>, end: number): Promise<PromiseSettledResult<T>> {
    let result: PromiseSettledResult<T> | undefined;
    promise.then(
      (value) => {
        result = { status: 'fulfilled', value };
      },
      (reason: unknown) => {
        result = { status: 'rejected', reason };
      },
    );
    for (;;) {
      await settled();
      if (result) return result;
      const next = this.#timers.shift();
      if (!next) throw new Error('nothing is left to wait for');
      if (next.at > end) throw new Error(`not settled at ${end / 1000} s`);
      this.#now = next.at;
      next.callback();
    }
  }
}

/** Random numbers from a seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to 1, without 1. */
  number(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  between(low: number, high: number): number {
    return low + this.number() * (high - low);
  }

  chance(probability: number): boolean {
    return this.number() < probability;
  }

  pick<T>(first: T, ...rest: T[]): T {
    return [first, ...rest][Math.floor(this.number() * (rest.length + 1))] ?? first;
  }
}
