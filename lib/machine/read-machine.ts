import { FleetError } from '../base/errors.ts';
import { ownershipScript } from './ownership/ownership.ts';
import { type MachineReading, parseReading, parseSystems, type SystemsReading } from './parse-reading.ts';
import type { Reply } from './script/reply.ts';
import { lockScript, scriptFile, scriptText } from './script/text.ts';
import type { Machine, RunOnMachineOptions } from './ssh/machine.ts';
import { runScript } from './ssh/run-script.ts';

const script = lockScript + ownershipScript + scriptFile('./read-machine.sh', import.meta.url);

export interface ReadMachineOptions extends Pick<RunOnMachineOptions, 'signal' | 'timeoutSeconds' | 'fresh'> {
  /** Name of the system profile. Default: system. */
  profile?: string;
  /** A system of which the reading tells whether the machine has it. */
  system?: string;
}

/** Path of a system profile. Default: `system`, which lies outside `system-profiles`. */
export function profilePath(name = 'system'): string {
  return `/nix/var/nix/profiles/${name === 'system' ? name : `system-profiles/${name}`}`;
}

/** A whole script that reads the state of a machine, as part of another one. */
export function readingScript(profile?: string): string {
  return scriptText(script, { variables: { profile: profilePath(profile) } });
}

/**
 * Reads the state of a machine in one ssh round trip.
 * @throws FleetError unreachable, host-key, access-denied, cancelled, command-failed
 */
export async function readMachine(
  machine: Machine,
  { profile, system = '', ...options }: ReadMachineOptions = {},
): Promise<MachineReading> {
  return parseReading(await read(machine, { profile: profilePath(profile), wanted: system }, options));
}

/**
 * Reads which machine it is and its systems alone, which takes it a third of the processes.
 * @throws FleetError as `readMachine`
 */
export async function readSystems(
  machine: Machine,
  { profile, ...options }: Omit<ReadMachineOptions, 'system'> = {},
): Promise<SystemsReading> {
  return parseSystems(await read(machine, { profile: profilePath(profile), systems_only: 'yes' }, options));
}

async function read(
  machine: Machine,
  variables: Readonly<Record<string, string>>,
  options: RunOnMachineOptions,
): Promise<Reply> {
  const reply = await runScript(machine, script, { ...options, variables });
  const what = 'the machine could not be read';
  if (!reply.isWhole) throw reply.error({ code: 'command-failed', what });
  if (reply.text('machine-id')) return reply;
  throw new FleetError({
    code: 'command-failed',
    what,
    host: machine.name,
    why: 'it has no /etc/machine-id',
    fix: 'Run systemd-machine-id-setup on it.',
  });
}
