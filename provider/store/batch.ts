import { type Clock, realClock } from '../../lib/base/clock.ts';

export interface BatchItem<Request> {
  readonly request: Request;
  readonly signal: AbortSignal;
}

interface Waiting<Request, Result> extends BatchItem<Request> {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Collects requests within a short moment, so that many resources share one run of a tool. `run` gets everything
 * collected and a signal that is aborted once no request waits any more; it returns a result for each item, in their order.
 */
export class Batcher<Request, Result> {
  readonly #run: (items: readonly BatchItem<Request>[], signal: AbortSignal) => Promise<readonly Result[]>;
  readonly #milliseconds: number;
  readonly #clock: Clock;
  #waiting: Waiting<Request, Result>[] = [];

  constructor(
    run: (items: readonly BatchItem<Request>[], signal: AbortSignal) => Promise<readonly Result[]>,
    milliseconds = 100,
    clock: Clock = realClock,
  ) {
    this.#run = run;
    this.#milliseconds = milliseconds;
    this.#clock = clock;
  }

  add(request: Request, signal: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) this.#clock.after(this.#milliseconds, () => void this.#flush());
      this.#waiting.push({ request, signal, resolve, reject });
    });
  }

  async #flush(): Promise<void> {
    const items = this.#waiting.splice(0);
    const signal = allAborted(items.map((item) => item.signal));
    try {
      const results = await this.#run(items, signal);
      items.forEach((item, index) => {
        if (index < results.length) item.resolve(results[index] as Result);
        else item.reject(new Error(`a batch of ${items.length} was answered with ${results.length} results`));
      });
    } catch (error) {
      for (const item of items) item.reject(error);
    }
  }
}

/** A signal that is aborted once all of the given ones are. */
function allAborted(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  const check = () => {
    if (signals.every((signal) => signal.aborted)) controller.abort(signals[0]?.reason);
  };
  for (const signal of signals) signal.addEventListener('abort', check, { once: true });
  check();
  return controller.signal;
}
