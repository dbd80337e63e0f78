import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine, RunOnMachineOptions } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

/** What a machine's Nix uses, all its configuration files taken together. */
export interface MachineSettings {
  substituters: string[];
  trustedKeys: string[];
}

/** Prints the settings. */
export const settingsScript = scriptFile('./machine-settings.sh', import.meta.url);

/** Reads the settings from the reply of a script of which `settingsScript` is a part. */
export function parseSettings(reply: Reply): MachineSettings {
  const words = (key: string) => reply.text(key).split(/\s+/).filter(Boolean);
  return { substituters: words('substituters'), trustedKeys: words('trusted-keys') };
}

/**
 * Reads which caches and which keys a machine's Nix uses.
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
