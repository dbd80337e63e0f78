import type { Happening, Phase, RunError } from '../../schema/run-event.ts';
import type { Operation } from '../summary/parse-preview.ts';

export type Outcome = 'done' | 'failed' | 'not-begun' | 'unchanged';

/** What has become of one machine in a run so far. */
export class MachineProgress {
  readonly name: string;
  readonly #planned: Operation | undefined;
  /** Milliseconds of work, until it waited last. */
  #worked = 0;
  /** When the work that lasts began; undefined while it waits. */
  #since: number | undefined;
  #phase: Phase | undefined;
  #text = '';
  /** What was done to its deployment. */
  #deployment: Operation | undefined;
  #changed = false;
  #failed = false;
  #stopped = false;
  isReported = false;

  /** @param planned what the preview found; undefined without a preview, or where it did not find the machine */
  constructor(name: string, planned: Operation | undefined) {
    this.name = name;
    this.#planned = planned;
  }

  /** @param phase undefined for the one that lasts */
  phase(phase: Phase | undefined, text: string, now: number): Happening[] {
    const next = phase ?? this.#phase ?? 'working';
    if (next === 'waiting') {
      this.#worked += now - (this.#since ?? now);
      this.#since = undefined;
    } else this.#since ??= now;
    if (next === this.#phase && text === this.#text) return [];
    this.#phase = next;
    this.#text = text;
    return [{ event: 'phase', machine: this.name, phase: next, text }];
  }

  /** Work on one of its resources, other than the deployment, has ended. @param goesOn whether another one is worked on */
  ended(operation: Operation, goesOn: boolean, now: number): Happening[] {
    if (operation !== 'same') this.#changed = true;
    return goesOn ? [] : this.phase('waiting', 'waiting', now);
  }

  deployed(operation: Operation, outputs: Record<string, unknown> | undefined, now: number): Happening[] {
    this.#deployment = operation;
    if (operation === 'same') return this.#phase === undefined ? [] : this.phase('waiting', 'waiting', now);
    this.#changed = true;
    if (this.#failed) return [];
    const { generation, system } = (outputs?.live ?? {}) as { generation?: unknown; system?: unknown };
    return [
      {
        ...this.done(operation, now),
        ...(typeof generation === 'number' ? { generation } : {}),
        ...(typeof system === 'string' ? { system } : {}),
      },
    ];
  }

  done(operation: Operation, now: number): Happening & { event: 'machine-done' } {
    this.isReported = true;
    return { event: 'machine-done', machine: this.name, operation, seconds: this.#seconds(now) };
  }

  failed(error: RunError, now: number): Happening[] {
    // The wave stopped before it was the machine's turn: nothing failed for it.
    if (error.code === 'wave-stopped') {
      this.#stopped = true;
      return [];
    }
    this.#failed = true;
    return [{ event: 'machine-failed', machine: this.name, seconds: this.#seconds(now), error }];
  }

  outcome(exitCode: number): Outcome {
    if (this.#failed) return 'failed';
    if (this.#stopped) return 'not-begun';
    if (exitCode === 0 || this.#deployment !== undefined) return this.#changed ? 'done' : 'unchanged';
    // The run ended before Pulumi came to its deployment, of which only the preview knows whether it would change.
    return this.#planned === 'same' && !this.#changed ? 'unchanged' : 'not-begun';
  }

  #seconds(now: number): number {
    return seconds(0, this.#worked + now - (this.#since ?? now));
  }
}

/** Seconds between two times in milliseconds, with one decimal. */
export function seconds(from: number, to: number): number {
  return Math.round((to - from) / 100) / 10;
}
