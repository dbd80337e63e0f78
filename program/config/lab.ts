import type { OutputRequest } from '../../lib/evaluation/types.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { decideLabSystem, type LabDecision, type LabSystem } from '../../lib/local/lab/lab-system.ts';
import { readLabMachine } from '../../lib/local/lab/machine.ts';
import type { NixosSystem } from '../../lib/local/lab/machine-root.ts';
import { nixosInput, probeNixos, requireNixosFlake } from '../../lib/local/lab/nixos-flake.ts';
import type { FlakeRequest } from '../../lib/store/nix/flake.ts';
import { nixSettings } from '../../lib/store/nix/settings.ts';
import type { StackConfig } from '../../schema/config.ts';
import type { HostSettings } from './hosts.ts';

/** The stack's lab: its machines, and what they run. */
export interface StackLab {
  network: string;
  /** Root file system that imitations are copied from. */
  base: string;
  /** Address by machine. */
  machines: Readonly<Record<string, string>>;
  decision: LabDecision;
  /** NixOS systems that existing machines were made with, by machine. */
  systems: Readonly<Record<string, NixosSystem>>;
}

/** Reads the stack's lab and decides what its machines run; undefined without such machines. */
export async function stackLab(
  stack: string,
  { lab }: Pick<StackConfig, 'lab'>,
  machines: Readonly<Record<string, string>>,
  flake: FlakeRequest,
): Promise<StackLab | undefined> {
  if (!lab?.network || Object.keys(machines).length === 0) return undefined;
  const { base } = await ensureLabBase();
  const existing: Record<string, LabSystem> = {};
  const systems: Record<string, NixosSystem> = {};
  for (const name of Object.keys(machines)) {
    const machine = await readLabMachine(stack, name);
    if (!machine) continue;
    existing[name] = machine.system ? 'nixos' : 'imitation';
    if (machine.system) systems[name] = machine.system;
  }
  const decision = await decideLabSystem({
    wanted: lab.system,
    existing,
    probe: async () => await probeNixos(flake, (await nixSettings()).substituters),
  });
  if (decision.system === 'nixos') await requireNixosFlake(flake);
  return { network: lab.network, base, machines, decision, systems };
}

/** Outputs to evaluate for machines of the lab that do not exist yet and will run NixOS. */
export function firstSystems(
  hosts: Readonly<Record<string, Pick<HostSettings, 'configuration'>>>,
  lab: StackLab | undefined,
): Record<string, OutputRequest> {
  if (lab?.decision.system !== 'nixos') return {};
  const attribute = ['system', 'build', 'labFirst'];
  return Object.fromEntries(
    Object.keys(lab.machines).flatMap((name) => {
      const host = lab.systems[name] ? undefined : hosts[name];
      return host ? [[name, { configuration: host.configuration, attribute, host: name }]] : [];
    }),
  );
}

/** The flake with the input that makes its containers NixOS, if the lab's machines are. */
export function withLab(flake: FlakeRequest, lab: StackLab | undefined): FlakeRequest {
  if (lab?.decision.system !== 'nixos') return flake;
  return { ...flake, overrideInputs: { ...nixosInput(), ...flake.overrideInputs } };
}
