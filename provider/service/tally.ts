import { FleetError, hasCode } from '../../lib/base/errors.ts';
import { failureOf } from '../../lib/base/failure.ts';
import { counted, listed } from '../../lib/base/text.ts';
import { ActivationError } from '../../lib/machine/switch/explain.ts';
import type { PlannedWave } from '../../schema/rollout.ts';
import { PartialFailure } from '../resource.ts';
import type { RolloutRun } from '../rollout/rollout-run.ts';

type Waves = Pick<RolloutRun, 'after' | 'waveOf'>;

/** Counts what became of the machines of a run, for the line that closes it after failures. */
export class Tally {
  readonly #deployed = new Set<string>();
  readonly #failed = new Map<string, string>();
  readonly #notBegun = new Set<string>();
  /** Reasons of waves whose gates were not passed. */
  readonly #stopped = new Map<string, string>();
  #undelivered: readonly PlannedWave[] = [];
  #closed = 0;

  deployed(host: string): void {
    this.#deployed.add(host);
    this.#failed.delete(host);
  }

  /** Returns the machine. @param name of the resource, for an error that names none */
  failed(name: string, error: unknown): string {
    const failure = causeOf(error);
    const host = failure?.host ?? name;
    if (hasCode(failure, 'wave-stopped')) {
      this.#notBegun.add(host);
      return host;
    }
    this.#deployed.delete(host);
    if (!this.#failed.has(host)) this.#failed.set(host, shortReason(error));
    return host;
  }

  /** A delivery failed for which these waves wait. */
  undelivered(waves: readonly PlannedWave[]): void {
    this.#undelivered = waves;
  }

  /** The gate of a wave was not passed. */
  stopped(wave: string, error: unknown): void {
    this.#stopped.set(wave, shortReason(error));
  }

  /**
   * '9 machines deployed; failed: m10: …; m11: …; not begun: m12, m13'; undefined where it would repeat the only error, or an
   * earlier line.
   */
  close(rollout: Waves): string | undefined {
    const failures = this.#failed.size + this.#stopped.size;
    const later = this.#later(rollout);
    const total = this.#deployed.size + failures + this.#notBegun.size + later.length;
    if (failures === this.#closed || total < 2) return undefined;
    this.#closed = failures;
    const failed = [...this.#failed].sort(([one], [other]) => (one < other ? -1 : 1));
    const notBegun = [...this.#notBegun].sort();
    return [
      `${counted(this.#deployed.size, 'machine')} deployed`,
      failed.length > 0 && `failed: ${failed.map(([host, why]) => `${host}: ${why}`).join('; ')}`,
      ...this.#stopped.values(),
      notBegun.length > 0 && `not begun: ${listed(notBegun)}`,
      later.length > 0 && `waves not begun: ${later.join(', ')}`,
    ]
      .filter(Boolean)
      .join('; ');
  }

  /** The waves that were not begun, with their machines: 'eu (12 machines)'. */
  #later({ after, waveOf }: Waves): string[] {
    const stopping = [...this.#stopped.keys(), ...this.#unallowed(waveOf)];
    // After the first of them, which has the most after it.
    const [longest = []] = stopping.map(after).sort((one, other) => other.length - one.length);
    return (this.#undelivered.length > 0 ? this.#undelivered : longest)
      .filter(({ hosts }) => hosts.length > 0 && !hosts.some((host) => this.#deployed.has(host)))
      .map(({ name, hosts }) => `${name} (${counted(hosts.length, 'machine')})`);
  }

  /** Waves with more failures than they allow. */
  #unallowed(waveOf: RolloutRun['waveOf']): string[] {
    return [...this.#failed.keys()].flatMap((host) => {
      const wave = waveOf(host);
      const failed = wave?.hosts.filter((each) => this.#failed.has(each)).length ?? 0;
      return wave && failed > wave.failuresAllowed ? [wave.name] : [];
    });
  }
}

function causeOf(error: unknown): FleetError | undefined {
  return failureOf(error instanceof PartialFailure ? error.cause : error);
}

/** The headline of an error, without machine and code. */
export function shortReason(error: unknown): string {
  const failure = causeOf(error) ?? error;
  if (failure instanceof ActivationError && failure.result.failedUnits.length > 0)
    return `failed units: ${failure.result.failedUnits.join(', ')}`;
  if (failure instanceof FleetError) return failure.what;
  const [headline = ''] = String(failure instanceof Error ? failure.message : failure).split('\n');
  return headline;
}
