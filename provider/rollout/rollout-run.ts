import { FleetError } from '../../lib/base/errors.ts';
import { listed } from '../../lib/base/text.ts';
import { waitCancelled } from '../../lib/base/until.ts';
import type { PlannedWave, RolloutInputs } from '../../schema/rollout.ts';
import { Places } from './places.ts';

/** What became of a machine's deployment in this run. */
export type Outcome =
  /** It runs what it should: since when (ISO 8601). */
  { kind: 'deployed'; since: string } | { kind: 'failed'; why: string } | { kind: 'not-begun' };

/** Resolves when nothing runs but those that wait here, and nothing is about to begin. */
export type Quiet = (signal: AbortSignal) => Promise<void>;

/**
 * The waves of one run of Pulumi, as far as they have come. The order of the waves is Pulumi's, by dependencies between resources:
 * here is what these cannot express, which is how many at once, failures that are allowed, and machines that are confirmed together.
 */
export class RolloutRun {
  readonly #quiet: Quiet;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #places = new Map<string, Places>();
  /** Machines that are active and not yet confirmed. */
  readonly #active = new Set<string>();
  /** Results of the gates, by wave. */
  readonly #gates = new Map<string, Promise<string[]>>();
  /** One for each fleet. */
  #plans: RolloutInputs[] = [];
  #waiting: (() => void)[] = [];

  constructor(quiet: Quiet) {
    this.#quiet = quiet;
  }

  /** The waves of this run, known before any machine of them is begun. */
  begin(plan: RolloutInputs): void {
    const isSkipped = (host: string) => plan.skipped?.includes(host) ?? false;
    const waves = plan.waves.map((wave) => ({
      ...wave,
      hosts: wave.hosts.filter((host) => !isSkipped(host)),
    }));
    const names = waves.map(({ name }) => name);
    const others = this.#plans.filter((other) => !other.waves.some(({ name }) => names.includes(name)));
    this.#plans = [...others, { ...plan, waves }];
    for (const host of plan.unevaluated ?? [])
      this.ended(host, { kind: 'failed', why: 'its configuration could not be evaluated' });
  }

  wave(name: string): PlannedWave | undefined {
    return this.#find((each) => each.name === name)?.wave;
  }

  /** The machine's wave; undefined without a rollout. */
  readonly waveOf = (host: string): PlannedWave | undefined =>
    this.#find(({ hosts }) => hosts.includes(host))?.wave;

  /** The waves after this one. */
  readonly after = (name: string): PlannedWave[] => {
    const { plan, wave } = this.#find((each) => each.name === name) ?? {};
    return plan && wave ? plan.waves.slice(plan.waves.indexOf(wave) + 1) : [];
  };

  /** All waves of a rollout that waits for the delivery to this machine; empty where only the machine itself does. */
  waitingFor(host: string): PlannedWave[] {
    const found = this.#find(({ hosts }) => hosts.includes(host));
    return found?.plan.stage === 'all' ? found.plan.waves : [];
  }

  ended(host: string, outcome: Outcome): void {
    // What fails for a machine after its deployment makes it a failed one, and nothing makes it good again.
    if (this.#outcomes.get(host)?.kind === 'failed') return;
    this.#outcomes.set(host, outcome);
    this.#notify();
  }

  /**
   * Waits until the machine may be deployed to.
   * @returns to be called when its deployment has ended
   * @throws FleetError wave-stopped where too many machines of its wave have failed by then, cancelled
   */
  async enter(host: string, signal: AbortSignal): Promise<() => void> {
    const wave = this.waveOf(host);
    if (!wave) return () => undefined;
    const places = this.#places.get(wave.name) ?? new Places(wave.atOnce);
    this.#places.set(wave.name, places);
    const leave = await places.take(signal);
    const failed = this.#failedOf(wave);
    if (failed.length <= wave.failuresAllowed) return leave;
    leave();
    this.ended(host, { kind: 'not-begun' });
    throw new FleetError({
      code: 'wave-stopped',
      what: `not begun, as the wave ${wave.name} was stopped`,
      host,
      why: `${listed(failed)} failed${wave.failuresAllowed > 0 ? `; ${wave.failuresAllowed} may` : ''}`,
      fix: 'Nothing was changed on the machine. Once the cause is fixed, the next `pulumi up` goes on from here.',
    });
  }

  /**
   * What became of each machine of a wave, once nothing of it is left to be done. One that was not begun by the time that nothing
   * else runs, as what it needs did not build, never will be.
   * @throws FleetError cancelled
   */
  async settled({ hosts }: PlannedWave, signal: AbortSignal): Promise<Record<string, Outcome>> {
    await this.#until(() => hosts.every((host) => this.#outcomes.has(host)), signal);
    return this.outcomes(hosts);
  }

  /** As far as they are known; a machine without one was not begun. */
  outcomes(hosts: readonly string[]): Record<string, Outcome> {
    return Object.fromEntries(
      hosts.map((host) => [host, this.#outcomes.get(host) ?? { kind: 'not-begun' as const }]),
    );
  }

  /**
   * Waits, for an active and healthy machine of a wave that is switched together, until all of the wave are.
   * @param gates checks the gates of the wave, once for all machines: messages of those that do not hold
   * @returns why all roll back; empty to be confirmed
   * @throws FleetError cancelled
   */
  async agree(
    host: string,
    gates: (wave: PlannedWave) => Promise<string[]>,
    signal: AbortSignal,
  ): Promise<string[]> {
    const wave = this.waveOf(host);
    if (!wave?.together) return [];
    this.#active.add(host);
    this.#notify();
    const isOpen = (each: string) => !this.#outcomes.has(each) && !this.#active.has(each);
    await this.#until(() => this.#failedOf(wave).length > 0 || !wave.hosts.some(isOpen), signal);
    const failed = this.#failedOf(wave);
    if (failed.length > 0) return [`${listed(failed)} of the same wave failed`];
    const missing = wave.hosts.filter(isOpen);
    if (missing.length > 0)
      return [
        `${listed(missing)} of the same wave did not begin: Pulumi must run ${wave.hosts.length} operations at once (--parallel)`,
      ];
    const checked = this.#gates.get(wave.name) ?? gates(wave);
    this.#gates.set(wave.name, checked);
    return await checked;
  }

  #find(fits: (wave: PlannedWave) => boolean): { plan: RolloutInputs; wave: PlannedWave } | undefined {
    for (const plan of this.#plans) {
      const wave = plan.waves.find(fits);
      if (wave) return { plan, wave };
    }
    return undefined;
  }

  /**
   * Returns once the condition holds, or nothing else runs that could make it hold.
   * @throws FleetError cancelled
   */
  async #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    for (let isQuiet = false; !condition() && !isQuiet; ) {
      const stop = new AbortController();
      const changed = new Promise<false>((resolve) => this.#waiting.push(() => resolve(false)));
      const quiet = this.#quiet(AbortSignal.any([signal, stop.signal])).then(() => true);
      isQuiet = await Promise.race([changed, quiet]);
      stop.abort();
      if (signal.aborted) throw waitCancelled();
    }
  }

  #notify(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #failedOf({ hosts }: PlannedWave): string[] {
    return hosts.filter((host) => this.#outcomes.get(host)?.kind === 'failed');
  }
}
