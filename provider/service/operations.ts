import { setTimeout as delay } from 'node:timers/promises';
import { FleetError } from '../../lib/base/errors.ts';
import { parseUrn } from '../../lib/base/urn.ts';
import type { Secrets } from '../wire/secrets.ts';
import { describeRedacted } from './errors.ts';
import { FailureHold } from './failure-hold.ts';

/** The operations under way, which a cancel ends, and the failures that wait for them. */
export class Operations {
  readonly #hold: FailureHold;
  readonly #controllers = new Set<AbortController>();
  readonly #running = new Set<Promise<unknown>>();
  #cancelled = false;
  /** Whether a failure is reported only after the other operations have ended. */
  holdFailures = true;

  constructor(hold = new FailureHold()) {
    this.#hold = hold;
  }

  /** Runs something that a cancel may interrupt. */
  async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    if (this.#cancelled) controller.abort();
    const running = work(controller.signal);
    this.#controllers.add(controller);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#controllers.delete(controller);
      this.#running.delete(running);
    }
  }

  /**
   * Runs a change of a resource. If it fails while others run, `onHeld` is called at once, and the error is thrown when
   * the others have ended; `onReleased` is called before.
   */
  async change<T>(
    work: (signal: AbortSignal) => Promise<T>,
    onHeld: (error: unknown) => void,
    { resource, onReleased }: { resource?: string; onReleased?: () => void } = {},
  ): Promise<T> {
    // The engine may have sent it before it heard of the interrupt.
    if (this.#cancelled)
      throw new FleetError({ code: 'cancelled', what: 'the run was cancelled before this began' });
    const end = this.#hold.begin(resource);
    try {
      return await this.run(work);
    } catch (error) {
      end();
      if (this.holdFailures && !this.#cancelled) {
        if (this.#hold.running > 0) onHeld(error);
        await this.#hold.hold();
        onReleased?.();
      }
      throw error;
    } finally {
      end();
    }
  }

  /** For a change that waits for others: resolves when nothing else runs or is about to begin; or when it is aborted. */
  quiet(signal: AbortSignal): Promise<void> {
    return this.#hold.quiet(signal);
  }

  /** A change of the resource is to come; failures wait longer for the deployment of a machine to begin. */
  expect(urn: string): void {
    const { type, name } = parseUrn(urn);
    if (type === 'nixos:index:Deployment') this.#hold.expect(urn, name);
  }

  /** Nothing more is to come for a machine. */
  forget(host: string): void {
    this.#hold.forget(host);
  }

  /** To be called on each call of the engine: more changes may follow. */
  seen(): void {
    this.#hold.seen();
  }

  /** A new run begins: one that was attached to a provider started by hand may follow a cancelled one. */
  renew(): void {
    this.#cancelled = false;
    this.#hold.close();
  }

  /** Aborts everything that runs and lets every failure out. */
  cancel(): void {
    this.#cancelled = true;
    for (const controller of this.#controllers) controller.abort();
    this.#hold.open();
  }

  /** Resolves when nothing runs, or after the limit. */
  async idle(limitMilliseconds: number): Promise<void> {
    const limit = new AbortController();
    const over = delay(limitMilliseconds, undefined, { signal: limit.signal }).catch(() => undefined);
    await Promise.race([Promise.allSettled(this.#running), over]);
    // A timer left behind would keep the process alive until the limit.
    limit.abort();
  }
}

/** One line that reports a failure early; the whole error comes with the answer. */
export function heldMessage(error: unknown, secrets: Secrets): string {
  const [headline = ''] = describeRedacted(error, secrets).split('\n');
  return `${headline} (other machines go on; the update ends with this error after them)`;
}
