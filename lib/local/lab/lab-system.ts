import { FleetError } from '../../base/errors.ts';

/** What the containers of a lab run: NixOS, or Debian's packages behind NixOS's activation interface. */
export type LabSystem = 'nixos' | 'imitation';

export interface LabDecision {
  system: LabSystem;
  /** For a message: "the lab runs real NixOS 26.05 from https://cache.nixos.org". */
  text: string;
}

/** Whether a binary cache has the packages of the flake's NixOS. */
export type NixosProbe = { release: string; cache: string } | { missing: string };

/** What each system is called, for messages and the stack's output `lab`. */
export const labSystemNames: Readonly<Record<LabSystem, string>> = {
  nixos: 'real NixOS',
  imitation: 'an imitation of NixOS, made of Debian’s packages',
};

/**
 * Decides what a lab's containers run. Machines that exist keep theirs, since each has its own root file system; without any,
 * and unless the config decides, it is NixOS where a binary cache has its packages.
 * @throws FleetError config-invalid if existing machines run another system than the config asks for
 */
export async function decideLabSystem({
  wanted,
  existing,
  probe,
}: {
  /** The config key lab.system. */
  wanted: LabSystem | 'auto';
  /** Existing machines, by name. */
  existing: Readonly<Record<string, LabSystem>>;
  probe(): Promise<NixosProbe>;
}): Promise<LabDecision> {
  const decision = (system: LabSystem, reason: string) => ({
    system,
    text: `the lab runs ${labSystemNames[system]}${reason}`,
  });
  const kept = systemOf(existing);
  if (kept !== undefined) {
    if (wanted !== 'auto' && wanted !== kept) throw conflict(wanted, kept, Object.keys(existing));
    return decision(kept, ', as its machines have from the start');
  }
  if (wanted !== 'auto') return decision(wanted, ', as lab.system says');
  const probed = await probe();
  if ('missing' in probed) return decision('imitation', `, because ${probed.missing}`);
  return decision('nixos', ` ${probed.release} from ${probed.cache}`);
}

function systemOf(existing: Readonly<Record<string, LabSystem>>): LabSystem | undefined {
  const systems = new Set(Object.values(existing));
  if (systems.size <= 1) return [...systems][0];
  const ofNixos = Object.keys(existing).filter((name) => existing[name] === 'nixos');
  throw new FleetError({
    code: 'lab-failed',
    what: 'the lab’s machines run different systems',
    why: `${ofNixos.join(', ')} of ${Object.keys(existing).join(', ')} run real NixOS, and the others an imitation`,
    fix: 'Remove the machines of one kind, with their data: pulumi destroy --target URN',
  });
}

function conflict(wanted: LabSystem, kept: LabSystem, names: readonly string[]): FleetError {
  return new FleetError({
    code: 'config-invalid',
    what: `lab.system is ${wanted}, but the lab’s machines run ${labSystemNames[kept]}`,
    why: `${names.join(', ')} exist, and a machine keeps its root file system`,
    fix: 'Remove lab.system from the stack’s config; or remove the machines with their data first: pulumi destroy',
  });
}
