import type { MachineReading } from '../../../lib/machine/parse-reading.ts';
import { describeDeployment, parseHistory } from '../../../lib/machine/record/history.ts';
import { factsApply, isLive } from '../../../lib/machine/switch/goal.ts';
import type { DeploymentInputs, DeploymentState, LiveState } from '../../../schema/deployment.ts';
import { formatFacts } from '../../../schema/facts.ts';

/** The part of a machine’s reading that a state keeps, and that the function `machine` returns. */
export function liveState(reading: MachineReading): LiveState {
  const { system, specialisation, profileSystem, generation, booted, kernel, rebootDue, bootId } = reading;
  return {
    system,
    specialisation,
    profileSystem,
    generation,
    booted,
    kernel,
    rebootDue,
    bootId,
    machineId: reading.machineId,
    revision: reading.record?.revision ?? '',
    since: reading.since,
    history: parseHistory(reading.history).map(describeDeployment).join('\n'),
  };
}

/** Inputs that hold of the machine: the given ones where it is as desired, else with the system that it runs or boots. */
export function trueInputs(inputs: DeploymentInputs, reading: MachineReading): DeploymentInputs {
  if (inputs.action === 'dry-activate' || factsApply(reading, inputs)) return inputs;
  return inputs.action === 'boot'
    ? withSystem(inputs, reading, reading.profileSystem)
    : withSystem(inputs, reading, reading.system, reading.specialisation);
}

/** The inputs with another system, and with the facts and the revision that were recorded on the machine with it. */
function withSystem(
  inputs: DeploymentInputs,
  reading: MachineReading,
  system: string,
  specialisation = '',
): DeploymentInputs {
  const { facts: _, specialisation: __, revision: ___, ...rest } = inputs;
  // None for what was deployed by other means.
  const record = system === reading.system ? reading.record : undefined;
  return {
    ...rest,
    system,
    ...(specialisation ? { specialisation } : {}),
    revision: record?.revision ?? '',
    ...(system === inputs.system && inputs.facts ? { facts: inputs.facts } : {}),
    ...(system !== inputs.system && record?.facts ? { facts: formatFacts(record.facts) } : {}),
  };
}

/** The state after a success, without the facts, which are in the inputs. */
export function deploymentStateFrom(inputs: DeploymentInputs, reading: MachineReading): DeploymentState {
  if (inputs.action === 'dry-activate') return failedStateFrom(inputs, reading);
  const { facts: _, ...rest } = inputs;
  return { ...rest, live: liveState(reading) };
}

/** The state where the machine is not as desired: what holds of it, while the inputs hold what was desired. */
export function failedStateFrom(desired: DeploymentInputs, reading: MachineReading): DeploymentState {
  const inputs = isLive(reading, desired)
    ? desired
    : withSystem(desired, reading, reading.system, reading.specialisation);
  return { ...inputs, live: liveState(reading) };
}
