import { counted } from '../base/text.ts';

/**
 * Reports the progress of an evaluation: at its begin, after a second, and then each time that half as much again has passed.
 * Without a terminal each report is a line.
 */
export class EvaluationProgress {
  readonly #started = Date.now();
  readonly #total: number;
  readonly #report: (message: string) => void;
  readonly #timer: NodeJS.Timeout;
  #done = 0;
  /** When the next report is due, in seconds. */
  #next = 0;

  constructor(total: number, report: (message: string) => void) {
    this.#total = total;
    this.#report = report;
    this.#timer = setInterval(() => this.#show(), 1000);
    this.#timer.unref();
    this.#show();
  }

  targetDone(): void {
    this.#done++;
    this.#show();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #show(): void {
    const seconds = (Date.now() - this.#started) / 1000;
    if (seconds < this.#next) return;
    this.#next = Math.max(seconds + 1, seconds * 1.5);
    this.#report(progressLine(this.#total, this.#done, seconds));
  }
}

/** "evaluating 3 configurations (1 done) … 4 s" */
export function progressLine(total: number, done: number, seconds: number): string {
  const count = done > 0 && total > 1 ? ` (${done} done)` : '';
  return `evaluating ${counted(total, 'configuration')}${count} … ${Math.floor(seconds)} s`;
}
