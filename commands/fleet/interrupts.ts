/** Milliseconds in which signals are one: npm passes on what the terminal has sent to all. */
const sameInterrupt = 500;

/** Passes interrupts on to the process that runs. */
export class Interrupts {
  readonly #now: () => number;
  #last = Number.NEGATIVE_INFINITY;
  #pass: (() => void) | undefined;
  /** Called before an interrupt is passed on. */
  onInterrupt: () => void = () => undefined;
  count = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  interrupt(): void {
    const isSame = this.#now() - this.#last < sameInterrupt;
    this.#last = this.#now();
    if (isSame) return;
    this.count += 1;
    this.onInterrupt();
    this.#pass?.();
  }

  /** @param pass interrupts the process that runs now; undefined where none runs */
  to(pass: (() => void) | undefined): void {
    this.#pass = pass;
  }
}

/** Interrupts of this process, which then do not end it: what it runs ends by itself. */
export function listenForInterrupts(): Interrupts {
  const interrupts = new Interrupts();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupts.interrupt());
  // A run goes on where nobody reads what it prints.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return interrupts;
}
