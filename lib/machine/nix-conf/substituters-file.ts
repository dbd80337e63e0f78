import { type SubstitutersInputs, substitutersFile } from '../../../schema/substituters.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { Machine } from '../ssh/machine.ts';
import { type MachineSettings, parseSettings, settingsScript } from './machine-settings.ts';
import { type NixConfReport, runNixConfAction } from './nix-conf-file.ts';

/** The file's text. */
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

/** Writes, reads or removes the file; see `runNixConfAction`. `settings` are the machine's settings after the action. */
export async function runSubstitutersAction(
  machine: Machine,
  action: 'write' | 'read' | 'remove',
  inputs: Pick<SubstitutersInputs, 'caches' | 'connectTimeoutSeconds'>,
  ownership: Ownership,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<NixConfReport & { settings: MachineSettings }> {
  const content = substitutersText(inputs);
  const file = { path: substitutersFile, content, followUp: settingsScript } as const;
  const answer = await runNixConfAction(
    machine,
    action,
    { ...file, code: 'cache-failed' },
    ownership,
    machineId,
    signal,
  );
  return { ...answer, settings: parseSettings(answer.reply) };
}

/** Names of the caches that the machine's Nix does not use or whose keys it does not trust. */
export function notInForce({ caches }: SubstitutersInputs, settings: MachineSettings): string[] {
  const used = new Set(settings.substituters.map(normalized));
  const trusted = new Set(settings.trustedKeys);
  return Object.entries(caches)
    .filter(
      ([, { url, publicKeys }]) =>
        !used.has(normalized(url)) || publicKeys.some((publicKey) => !trusted.has(publicKey)),
    )
    .map(([name]) => name);
}

/** A store URL for comparison: Nix prints the parameters in another order and notation. */
function normalized(url: string): string {
  const [address = '', query = ''] = url.split('?');
  const settings = [...new URLSearchParams(query)].filter(([name]) => name !== 'priority').sort();
  return JSON.stringify([address.replace(/\/$/, ''), settings]);
}
