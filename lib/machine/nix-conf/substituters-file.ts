import { type SubstitutersInputs, substitutersFile } from '../../../schema/substituters.ts';
import type { Machine } from '../ssh/machine.ts';
import { type MachineSettings, parseSettings, settingsScript } from './machine-settings.ts';
import { type NixConfAnswer, workOnNixConf } from './nix-conf-file.ts';

/** What the file says, in nix.conf's words. Pure. */
export function substitutersText({
  caches,
  connectTimeoutSeconds,
}: Pick<SubstitutersInputs, 'caches' | 'connectTimeoutSeconds'>): string {
  const all = Object.values(caches).sort((a, b) => a.priority - b.priority || (a.url < b.url ? -1 : 1));
  const keys = [...new Set(all.flatMap(({ publicKeys }) => publicKeys))];
  return `# Written by nixos-fleet; nix.conf includes it.
extra-substituters = ${all.map(withPriority).join(' ')}
extra-trusted-public-keys = ${keys.join(' ')}
# A cache that is down or hangs is passed over, and stops nothing.
connect-timeout = ${connectTimeoutSeconds}
stalled-download-timeout = 10
download-attempts = 2
fallback = true
`;
}

function withPriority({ url, priority }: { url: string; priority: number }): string {
  return `${url}${url.includes('?') ? '&' : '?'}priority=${priority}`;
}

/** Writes, reads or removes the file; see `workOnNixConf`. `settings` are what the machine's Nix uses after that. */
export async function workOnSubstituters(
  machine: Machine,
  action: 'write' | 'read' | 'remove',
  inputs: Pick<SubstitutersInputs, 'caches' | 'connectTimeoutSeconds'>,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<NixConfAnswer & { settings: MachineSettings }> {
  const content = substitutersText(inputs);
  const file = { path: substitutersFile, content, ask: settingsScript } as const;
  const answer = await workOnNixConf(machine, action, { ...file, code: 'cache-failed' }, machineId, signal);
  return { ...answer, settings: parseSettings(answer.reply) };
}

/** Which of the caches and keys the machine's Nix does not use; empty where it uses all. */
export function notInForce({ caches }: SubstitutersInputs, settings: MachineSettings): string[] {
  const asked = new Set(settings.substituters.map(plain));
  const trusted = new Set(settings.trustedKeys);
  return Object.entries(caches)
    .filter(
      ([, { url, publicKeys }]) =>
        !asked.has(plain(url)) || publicKeys.some((publicKey) => !trusted.has(publicKey)),
    )
    .map(([name]) => name);
}

/** An address as Nix has it, whose settings stand in another order and in other notations there. */
function plain(url: string): string {
  const [address = '', query = ''] = url.split('?');
  const settings = [...new URLSearchParams(query)].filter(([name]) => name !== 'priority').sort();
  return JSON.stringify([address.replace(/\/$/, ''), settings]);
}
