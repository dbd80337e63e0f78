import { FleetError, isFailure } from '../../lib/base/errors.ts';
import { assertDeployable, sameMachine } from '../../lib/machine/guard.ts';
import { mayTake, ownedByOther } from '../../lib/machine/ownership/ownership.ts';
import type { MachineReading } from '../../lib/machine/parse-reading.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { connectionOf, type HostSettings } from '../../program/config/hosts.ts';
import { type Connection, connection as connectionSchema } from '../../schema/connection.ts';

/** A host of the config that the state does not have. */
export interface Candidate {
  host: string;
  settings: HostSettings;
  connection: Connection;
}

/** What a machine runs, or why it cannot be taken over. */
export type ReadCandidate = Candidate & ({ reading: MachineReading } | { refusal: FleetError });
export type Adoptable = Extract<ReadCandidate, { reading: MachineReading }>;

/** Why the stack makes a machine itself; undefined if it does not. */
export function madeByStack({ lab, virtualMachine }: Pick<HostSettings, 'lab' | 'virtualMachine'>) {
  return lab ? 'a machine of the lab' : virtualMachine ? 'a virtual machine of the stack' : undefined;
}

/** The hosts with their connections. */
export function candidatesOf(hosts: Readonly<Record<string, HostSettings>>): Candidate[] {
  return Object.entries(hosts).map(([host, settings]) => ({
    host,
    settings,
    connection: connectionSchema.parse(connectionOf(settings)),
  }));
}

/** Longest time for one machine, in seconds. */
const limitSeconds = 60;

/**
 * Reads the machines, all at once, and changes nothing on them.
 * @param stack PROJECT/STACK
 * @throws FleetError cancelled
 */
export async function readCandidates(
  candidates: readonly Candidate[],
  { stack, signal }: { stack: string; signal: AbortSignal },
): Promise<ReadCandidate[]> {
  return refuseSame(await Promise.all(candidates.map((each) => readOne(each, stack, signal))));
}

async function readOne(candidate: Candidate, stack: string, signal: AbortSignal): Promise<ReadCandidate> {
  const { host, settings, connection } = candidate;
  const machine = machineAt(host, connection);
  try {
    const options = { profile: settings.profile, timeoutSeconds: limitSeconds, signal };
    const reading = await readMachine(machine, options);
    refuse(host, reading, stack, settings.takeOverFrom);
    return { ...candidate, reading };
  } catch (error) {
    if (isFailure(error)) return { ...candidate, refusal: error };
    throw error;
  } finally {
    await machine.close();
  }
}

/** @throws FleetError not-nixos, deployment-in-progress, owned-by-other */
function refuse(host: string, reading: MachineReading, stack: string, takeOverFrom?: string): void {
  assertDeployable(reading, host);
  const { owner, system } = reading;
  const [project = '', name = ''] = stack.split('/');
  const urn = `urn:pulumi:${name}::${project}::nixos:index:Deployment::${host}`;
  if (owner && !mayTake(owner, { claim: '', urn, takeOverFrom }))
    throw ownedByOther(host, 'the machine', owner);
  if (system) return;
  throw new FleetError({
    code: 'not-nixos',
    what: 'the machine has no live system',
    host,
    why: '/run/current-system does not exist',
    fix: 'Deploy to it instead: pulumi up. Or boot NixOS on it first.',
  });
}

/** Of hosts that lead to one machine, none is taken over. */
function refuseSame(read: readonly ReadCandidate[]): ReadCandidate[] {
  const adoptable = read.filter((each): each is Adoptable => 'reading' in each);
  // Machines that were made from one image may have one machine-id.
  const groups = Map.groupBy(adoptable, ({ reading }) => `${reading.machineId}/${reading.bootId}`);
  return read.map((each) => {
    if (!('reading' in each)) return each;
    const { machineId, bootId } = each.reading;
    const group = groups.get(`${machineId}/${bootId}`) ?? [];
    if (group.length < 2) return each;
    const { reading: _, ...candidate } = each;
    return {
      ...candidate,
      refusal: sameMachine(
        group.map(({ host }) => host),
        machineId,
      ),
    };
  });
}
