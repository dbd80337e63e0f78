import { readFileSync } from 'node:fs';
import { type SubstitutersInputs, substitutersFile } from '../../schema/substituters.ts';
import { FleetError } from '../errors.ts';
import { shellVariables } from '../ssh/quote.ts';
import { runOnMachine } from '../ssh/run.ts';
import { type MachineSettings, parseSettings, settingsScript } from './machine-settings.ts';

const script = readFileSync(new URL('./substituters.sh', import.meta.url), 'utf8');

/** What the file says, in nix.conf's words. Pure. */
export function substitutersText({ caches, connectTimeoutSeconds }: SubstitutersInputs): string {
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

/** What a machine said of the file. */
export interface SubstitutersAnswer {
  machineId: string;
  content: 'in-place' | 'changed' | 'absent' | undefined;
  /** What the machine's Nix goes by after that. */
  settings: MachineSettings;
}

/**
 * Writes, reads or removes the file; on a machine with another machine-id nothing is written.
 * @throws FleetError cache-failed, unreachable, host-key, access-denied, cancelled
 */
export async function workOnSubstituters(
  mode: 'write' | 'read' | 'remove',
  inputs: SubstitutersInputs,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<SubstitutersAnswer> {
  const variables = {
    mode_of_work: mode,
    path: substitutersFile,
    content: substitutersText(inputs),
    machine_id: machineId ?? '',
  };
  const text = `${shellVariables(variables)}(${script})\n${settingsScript}`;
  const { stdout, stderr } = await runOnMachine(inputs.connection, inputs.host, text, {
    ...(signal ? { signal } : {}),
  });
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1];
  const found = value('machine-id') ?? '';
  if (value('end') === 'yes' || (machineId && found && found !== machineId)) {
    const content = value('content') as SubstitutersAnswer['content'];
    return { machineId: found, content, settings: parseSettings(stdout) };
  }
  throw new FleetError({
    code: 'cache-failed',
    what: `the machine’s caches could not be written to ${substitutersFile}`,
    host: inputs.host,
    why: stderr.trim() || 'the connection ended',
    mend: 'Look at the folder on the machine: is there room, is it read-only?',
  });
}

/** Which of the caches and keys the machine's Nix does not go by; empty where it goes by all. Pure. */
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
