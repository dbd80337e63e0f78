import { FleetError } from '../../lib/base/errors.ts';
import { failureOf } from '../../lib/base/failure.ts';
import { counted } from '../../lib/base/text.ts';
import { ActivationError } from '../../lib/machine/switch/explain.ts';
import { PartialFailure } from '../resource.ts';

/** Counts what became of the machines of a run, for the line that closes it after failures. */
export class Tally {
  readonly #deployed = new Set<string>();
  readonly #failed = new Map<string, string>();
  #closed = 0;

  deployed(host: string): void {
    this.#deployed.add(host);
    this.#failed.delete(host);
  }

  /** Returns the machine. @param name of the resource, for an error that names none */
  failed(name: string, error: unknown): string {
    const failure = failureOf(error instanceof PartialFailure ? error.cause : error);
    const host = failure?.host ?? name;
    this.#deployed.delete(host);
    if (!this.#failed.has(host)) this.#failed.set(host, shortReason(failure ?? error));
    return host;
  }

  /** '9 machines deployed; failed: m10: …; m11: …'; undefined where it would repeat the only error, or an earlier line. */
  close(): string | undefined {
    const total = this.#deployed.size + this.#failed.size;
    if (this.#failed.size === this.#closed || total < 2) return undefined;
    this.#closed = this.#failed.size;
    const failures = [...this.#failed].sort(([one], [other]) => (one < other ? -1 : 1));
    return `${counted(this.#deployed.size, 'machine')} deployed; failed: ${failures.map(([host, why]) => `${host}: ${why}`).join('; ')}`;
  }
}

/** The headline of an error, without machine and code. */
function shortReason(error: unknown): string {
  if (error instanceof ActivationError && error.result.failedUnits.length > 0)
    return `failed units: ${error.result.failedUnits.join(', ')}`;
  if (error instanceof FleetError) return error.what;
  const [headline = ''] = String(error instanceof Error ? error.message : error).split('\n');
  return headline;
}
