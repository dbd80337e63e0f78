import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine, RunOnMachineOptions } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

/** The effective Nix configuration of a machine. */
export interface MachineSettings {
  substituters: string[];
  trustedKeys: string[];
}

export const settingsScript = scriptFile('./machine-settings.sh', import.meta.url);

/** Parses the reply of a script that includes `settingsScript`. */
export function parseSettings(reply: Reply): MachineSettings {
  const words = (key: string) => reply.text(key).split(/\s+/).filter(Boolean);
  return { substituters: words('substituters'), trustedKeys: words('trusted-keys') };
}

/**
 * Reads the caches and trusted keys that a machine's Nix uses.
 * @throws FleetError unreachable, host-key, access-denied, cancelled, cache-failed
 */
export async function readMachineSettings(
  machine: Machine,
  options: Pick<RunOnMachineOptions, 'signal' | 'timeoutSeconds'> = {},
): Promise<MachineSettings> {
  const reply = await runScript(machine, settingsScript, options);
  if (reply.has('substituters')) return parseSettings(reply);
  throw reply.error(
    { code: 'cache-failed', what: 'the settings of the machine’s Nix could not be read' },
    'substituters',
  );
}
