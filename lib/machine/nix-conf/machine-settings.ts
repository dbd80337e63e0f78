import type { Connection } from '../../../schema/connection.ts';
import { FleetError } from '../../base/errors.ts';
import { type RunOnMachineOptions, runOnMachine } from '../ssh/run.ts';

/** What a machine's Nix goes by, all its configuration files taken together. */
export interface MachineSettings {
  substituters: string[];
  trustedKeys: string[];
}

/** Shell lines that print the settings; an older Nix has another command for it. */
export const settingsScript = `PATH=$PATH:/run/current-system/sw/bin:/usr/local/bin
{ nix --extra-experimental-features nix-command config show 2>/dev/null ||
	nix --extra-experimental-features nix-command show-config; } |
	sed -n -e 's/^substituters = /substituters=/p' -e 's/^trusted-public-keys = /trusted-keys=/p'
`;

/** Reads what `settingsScript` printed. Pure. */
export function parseSettings(stdout: string): MachineSettings {
  const words = (key: string) =>
    (new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1] ?? '').split(/\s+/).filter(Boolean);
  return { substituters: words('substituters'), trustedKeys: words('trusted-keys') };
}

/**
 * Asks a machine which caches and which keys its Nix goes by.
 * @throws FleetError unreachable, host-key, access-denied, cancelled, cache-failed
 */
export async function readMachineSettings(
  connection: Connection,
  host: string,
  options: Pick<RunOnMachineOptions, 'signal' | 'timeoutSeconds'> = {},
): Promise<MachineSettings> {
  const { stdout, stderr } = await runOnMachine(connection, host, settingsScript, options);
  if (/^substituters=/m.test(stdout)) return parseSettings(stdout);
  throw new FleetError({
    code: 'cache-failed',
    what: 'the machine does not say which caches its Nix goes by',
    host,
    why: stderr.trim() || stdout.trim().slice(-500),
  });
}
