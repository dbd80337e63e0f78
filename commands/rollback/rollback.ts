import * as z from 'zod';
import {
  chooseGeneration,
  describeGenerations,
  readGenerations,
  readRecord,
} from '../../lib/machine/generations.ts';
import { wrongMachine } from '../../lib/machine/guard.ts';
import { newClaim } from '../../lib/machine/ownership/ownership.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { shortSystem } from '../../lib/machine/record/history.ts';
import type { Machine } from '../../lib/machine/ssh/machine.ts';
import { deploy } from '../../lib/machine/switch/deploy.ts';
import { deploymentInputs } from '../../schema/deployment.ts';
import { formatFacts } from '../../schema/facts.ts';
import { type ExportedStack, resourcesOf } from '../exported-stack.ts';

const deployment = z.object({
  urn: z.string(),
  id: z.string(),
  inputs: deploymentInputs,
  outputs: z.object({ claim: z.string().optional() }).optional(),
});

/** A deployment as a stack's state records it. */
export type RecordedDeployment = z.output<typeof deployment>;

/** The deployments in a stack's state, by host. */
export function deploymentsOf(stack: ExportedStack): Record<string, RecordedDeployment> {
  return Object.fromEntries(
    resourcesOf(stack, 'nixos:index:Deployment', deployment).map((each) => [each.inputs.host, each]),
  );
}

export interface RollbackOptions {
  /** Number of the generation to go to. Default: the newest one with another system than the live one. */
  to?: number | undefined;
  signal: AbortSignal;
  status: (line: string) => void;
}

/**
 * Rolls a machine back to an earlier generation of its profile, under the supervisor: the new system is confirmed over a fresh
 * connection after the health checks, or the machine returns to the one before. Returns what it did.
 * @throws FleetError
 */
export async function rollBack(
  machine: Machine,
  { urn, id, inputs, outputs }: RecordedDeployment,
  { to, signal, status }: RollbackOptions,
): Promise<string> {
  const { profile, specialisation } = inputs;
  const [all, reading] = await Promise.all([
    readGenerations(machine, { profile, specialisation, signal }),
    readMachine(machine, { profile, signal }),
  ]);
  if (reading.machineId !== id) throw wrongMachine(machine.name, id, reading.machineId, urn);
  const chosen = chooseGeneration(machine.name, all, { live: reading.system, to });
  const goal = {
    system: chosen.system,
    specialisation: chosen.hasSpecialisation ? specialisation : undefined,
  };
  status(`generation ${chosen.number} of ${chosen.since}: ${shortSystem(chosen.system)}`);
  const record = await readRecord(machine, chosen.system, signal);
  const after = await deploy(machine, {
    ...inputs,
    ...goal,
    action: 'switch',
    via: 'supervisor',
    revision: record?.revision ?? '',
    facts: record?.facts && formatFacts(record.facts),
    // It goes back and forth between what is there.
    keepGenerations: undefined,
    collectGarbage: false,
    reading: { ...reading, holds: true },
    ownership: { claim: outputs?.claim || newClaim(), urn, takeOverFrom: inputs.takeOverFrom },
    signal,
    status,
    note: status,
    warn: status,
    onFailure: (error) => {
      throw error;
    },
  });
  return `${inputs.host}: runs ${shortSystem(after.system)}, generation ${after.generation}`;
}

/** A machine's generations, the newest first: a line about each or, with `json`, one object in a line. */
export async function listGenerations(
  machine: Machine,
  { inputs: { host, profile } }: RecordedDeployment,
  { signal, json }: { signal: AbortSignal; json: boolean },
): Promise<string> {
  const [all, { system }] = await Promise.all([
    readGenerations(machine, { profile, signal }),
    readMachine(machine, { profile, signal }),
  ]);
  if (!json) return [`${host}: `, ...describeGenerations(all, system)].join('\n  ');
  const generations = all.map(({ number, system: path, since }) => ({
    ...{ number, system: path, since, live: path === system },
  }));
  return JSON.stringify({ host, generations });
}
