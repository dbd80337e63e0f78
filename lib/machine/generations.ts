import { FleetError } from '../base/errors.ts';
import { profilePath } from './read-machine.ts';
import { shortSystem } from './record/history.ts';
import { type DeploymentRecord, deploymentRecord } from './record/record.ts';
import type { Reply } from './script/reply.ts';
import { scriptFile } from './script/text.ts';
import type { Machine } from './ssh/machine.ts';
import { runScript } from './ssh/run-script.ts';

const script = scriptFile('./generations.sh', import.meta.url);

/** One generation of a machine's system profile. */
export interface Generation {
  number: number;
  /** Store path of its system. */
  system: string;
  /** When it was made: ISO 8601, UTC. */
  since: string;
  /** Whether its system has the specialisation of which it was asked. */
  hasSpecialisation: boolean;
}

export interface ReadGenerationsOptions {
  /** Name of the system profile. Default: system. */
  profile?: string | undefined;
  specialisation?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Reads the generations of a machine's system profile, the newest first.
 * @throws FleetError unreachable, host-key, access-denied, cancelled, command-failed
 */
export async function readGenerations(
  machine: Machine,
  { profile, specialisation = '', signal }: ReadGenerationsOptions = {},
): Promise<Generation[]> {
  const variables = { profile: profilePath(profile), specialisation };
  const reply = await runScript(machine, script, { variables, signal });
  if (reply.isWhole) return parseGenerations(reply);
  throw reply.error({ code: 'command-failed', what: 'the machine’s generations could not be read' });
}

export function parseGenerations(reply: Reply): Generation[] {
  return reply.list('generation').flatMap((line) => {
    const [, number, since, has, system] = /^(\d+) (\d+) (yes|no) (\/.*)$/.exec(line) ?? [];
    if (system === undefined) return [];
    return {
      number: Number(number),
      system,
      since: new Date(Number(since) * 1000).toISOString(),
      hasSpecialisation: has === 'yes',
    };
  });
}

/**
 * The generation to roll back to: the named one, or the newest one with another system than the live one.
 * @param live the live system; of a specialisation, the system that contains it
 * @throws FleetError config-invalid, with the machine's generations
 */
export function chooseGeneration(
  host: string,
  all: readonly Generation[],
  { live, to }: { live: string; to?: number | undefined },
): Generation {
  const chosen = all.find(({ number, system }) => (to === undefined ? system !== live : number === to));
  if (chosen) return chosen;
  throw new FleetError({
    code: 'config-invalid',
    what: to === undefined ? 'there is no earlier system on the machine' : `there is no generation ${to}`,
    host,
    why: all.length > 0 ? describeGenerations(all, live).join('\n') : 'its system profile has no generations',
    fix:
      all.length > 0 && to !== undefined
        ? 'Name one of these with --to.'
        : 'Deploy a system instead: pulumi up. keepGenerations decides how many stay on the machine.',
  });
}

/** A line about each generation. */
export function describeGenerations(all: readonly Generation[], live: string): string[] {
  return all.map(
    ({ number, system, since }) =>
      `generation ${number}, ${since}: ${shortSystem(system)}${system === live ? ', live' : ''}`,
  );
}

/** The record of a system that was deployed to a machine; undefined if there is none, or another version wrote it. */
export async function readRecord(
  machine: Machine,
  system: string,
  signal?: AbortSignal,
): Promise<DeploymentRecord | undefined> {
  const path = `/nix/var/nix/gcroots/nixos-fleet/${system.replace(/^.*\//, '')}/deployment.json`;
  const { exitCode, stdout } = await machine.run(['cat', path], { signal });
  if (exitCode !== 0) return undefined;
  try {
    return deploymentRecord.parse(JSON.parse(stdout));
  } catch {
    return undefined;
  }
}
