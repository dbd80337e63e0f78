/** Says how far an evaluation is, each second and at each host. */
export class EvaluationProgress {
  readonly #started = Date.now();
  readonly #total: number;
  readonly #say: (message: string) => void;
  readonly #timer: NodeJS.Timeout;
  #done = 0;

  constructor(total: number, say: (message: string) => void) {
    this.#total = total;
    this.#say = say;
    this.#timer = setInterval(() => this.#show(), 1000);
    this.#timer.unref();
    this.#show();
  }

  hostDone(): void {
    this.#done++;
    this.#show();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #show(): void {
    this.#say(progressLine(this.#total, this.#done, (Date.now() - this.#started) / 1000));
  }
}

/** "evaluating 3 machines (1 done) … 4 s" */
export function progressLine(total: number, done: number, seconds: number): string {
  const machines = total === 1 ? '1 machine' : `${total} machines`;
  const count = done > 0 && total > 1 ? ` (${done} done)` : '';
  return `evaluating ${machines}${count} … ${Math.floor(seconds)} s`;
}
