import { parseUrn } from '../../lib/base/urn.ts';
import type { RunResource } from '../../schema/run-event.ts';
import type { MachineProgress } from './machine-progress.ts';

/** Types whose resources are named as the machine that they belong to. */
const ofMachine: ReadonlySet<string> = new Set([
  'nixos-fleet:index:Host',
  ...['Deployment', 'LabMachine', 'VirtualMachine', 'HardwareConfig', 'DiskInstall', 'Delivery'].map(
    (name) => `nixos:index:${name}`,
  ),
]);

/** Which machine each resource of a run belongs to. */
export class Owners {
  readonly #machines: ReadonlyMap<string, MachineProgress>;
  readonly #parents = new Map<string, string>();

  constructor(machines: ReadonlyMap<string, MachineProgress>) {
    this.#machines = machines;
  }

  add({ urn, parent }: { urn: string; parent: string }): void {
    this.#parents.set(urn, parent);
  }

  /** The machine of this name, or else of the resource: it is of the machine's component, or has its name. */
  of(urn: string, name = ''): MachineProgress | undefined {
    const named = this.#machines.get(name);
    for (let at = urn; at !== '' && !named; at = this.#parents.get(at) ?? '') {
      const { type, name } = parseUrn(at);
      if (ofMachine.has(type)) return this.#machines.get(name);
    }
    return named;
  }
}

export function resourceOf(urn: string): RunResource {
  const { type, name } = parseUrn(urn);
  return { type, name };
}
