import type { MachineReading } from '../lib/machine/parse-reading.ts';
import type { DeploymentInputs, DeploymentState, LiveState } from '../schema/deployment.ts';
import { formatFacts } from '../schema/facts.ts';

/** What the state keeps of a machine's reading. */
export function liveState(reading: MachineReading): LiveState {
  const { system, profileSystem, generation, booted, kernel, rebootDue, bootId, machineId, since } = reading;
  const revision = reading.record?.revision ?? '';
  return { system, profileSystem, generation, booted, kernel, rebootDue, bootId, machineId, revision, since };
}

/**
 * Inputs that are true of the machine: where it runs another system than the given one, that system with the facts
 * and the revision that were left with it, none where it was deployed by other means.
 */
export function trueInputs(inputs: DeploymentInputs, reading: MachineReading): DeploymentInputs {
  if (reading.system === inputs.system) return inputs;
  const { facts: _, ...rest } = inputs;
  const { record } = reading;
  return {
    ...rest,
    system: reading.system,
    revision: record?.revision ?? '',
    ...(record?.facts ? { facts: formatFacts(record.facts) } : {}),
  };
}

/** The state after a success: its facts are those of the inputs, and are not recorded twice. */
export function deploymentStateFrom(inputs: DeploymentInputs, reading: MachineReading): DeploymentState {
  const { facts: _, ...rest } = inputs;
  return { ...rest, live: liveState(reading) };
}

/** The state after a failure: what is true of the machine, while the inputs tell what was asked. */
export function failedStateFrom(asked: DeploymentInputs, reading: MachineReading): DeploymentState {
  return { ...trueInputs(asked, reading), live: liveState(reading) };
}
