import * as z from 'zod';
import type { Happening, RunError } from '../../schema/run-event.ts';

const rollout = z.object({ waves: z.array(z.object({ name: z.string(), hosts: z.array(z.string()) })) });

/** The waves of a rollout, as far as a run has come. */
export class Waves {
  readonly #machines = new Map<string, readonly string[]>();
  readonly #begun = new Set<string>();

  /** @param inputs of the resource `Rollout` */
  plan(inputs: Record<string, unknown>): void {
    for (const { name, hosts } of rollout.safeParse(inputs).data?.waves ?? [])
      this.#machines.set(name, hosts);
  }

  /** Work on a machine's deployment begins. */
  begin(machine: string): Happening[] {
    const [found] = [...this.#machines].filter(([, machines]) => machines.includes(machine));
    if (!found || this.#begun.has(found[0])) return [];
    const [wave, machines] = found;
    this.#begun.add(wave);
    return [{ event: 'wave-began', wave, machines: [...machines] }];
  }

  passed(wave: string): Happening[] {
    return [{ event: 'wave-passed', wave, machines: this.#of(wave) }];
  }

  failed(wave: string, error: RunError): Happening[] {
    return [{ event: 'wave-failed', wave, machines: this.#of(wave), error }];
  }

  #of(wave: string): string[] {
    return [...(this.#machines.get(wave) ?? [])];
  }
}
