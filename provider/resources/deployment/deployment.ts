import { FleetError, isFailure } from '../../../lib/base/errors.ts';
import { summarizeFacts } from '../../../lib/evaluation/summarize-facts.ts';
import { drifted, sameMachine, wrongMachine } from '../../../lib/machine/guard.ts';
import { mayTake, newClaim, ownedByOther } from '../../../lib/machine/ownership/ownership.ts';
import type { MachineReading } from '../../../lib/machine/parse-reading.ts';
import { readMachine } from '../../../lib/machine/read-machine.ts';
import { retireBootstrapUser } from '../../../lib/machine/retire.ts';
import type { Machine } from '../../../lib/machine/ssh/machine.ts';
import { machineOf } from '../../../lib/machine/ssh/machine-at.ts';
import { deploy } from '../../../lib/machine/switch/deploy.ts';
import { lastFailure } from '../../../lib/machine/switch/explain.ts';
import {
  type DeploymentInputs,
  type DeploymentState,
  deploymentInputs,
  deploymentState,
} from '../../../schema/deployment.ts';
import {
  type Context,
  PartialFailure,
  type ReadResult,
  type Recorded,
  type Resource,
} from '../../resource.ts';
import { haveClosure } from '../../store/have-closure.ts';
import { namingConsole } from '../console.ts';
import { adoptedHost } from './adopted.ts';
import { checkDeployment } from './check.ts';
import { correctClosure, explainClosure } from './closure.ts';
import { diffDeployment } from './diff.ts';
import { connectionFromId } from './id.ts';
import { refuseOtherInterface } from './lockout.ts';
import { deploymentStateFrom, failedStateFrom, trueInputs } from './state.ts';
import { agreementOf, inWave } from './wave.ts';

/** Which system one machine runs. Its id is the machine's machine-id. */
export const deployment: Resource<DeploymentInputs, DeploymentState> = {
  token: 'nixos:index:Deployment',
  description:
    'Makes one machine run one system: copies the closure, switches under a supervisor that rolls back by itself, and records what was read back from the machine.',
  inputs: deploymentInputs,
  state: deploymentState,
  summaries: { facts: summarizeFacts },

  /** The same system keeps what was recorded with it, where the program does not know it: see components/host.ts. */
  complete(inputs, recorded) {
    if (inputs.facts !== undefined || recorded?.system !== inputs.system) return { inputs };
    const { facts, drvPath, revision } = recorded;
    return { inputs: { ...inputs, facts, drvPath, revision } };
  },

  check: checkDeployment,

  diff: diffDeployment,

  explain: explainClosure,

  preview(desired, recorded) {
    const { facts: _, ...known } = desired;
    if (!recorded || diffDeployment(recorded, desired).changes) return known;
    return { ...known, live: recorded.state.live };
  },

  async create(inputs, context) {
    return await inWave(context, async () => {
      const { signal } = context;
      const machine = machineOf(inputs);
      const { profile, system } = inputs;
      const reading = await readMachine(machine, { profile, system, signal });
      const id = reading.machineId;
      return { id, state: await deployTo({ id, claim: newClaim() }, machine, inputs, reading, context) };
    });
  },

  async read(id, recorded, context) {
    if (!recorded) return await importMachine(id, context);
    const { host, profile } = recorded.inputs;
    const { signal } = context;
    const machine = machineOf(recorded.inputs);
    const reading = await readMachine(machine, { profile, signal }).catch(notNow);
    if (reading instanceof FleetError) return { id, ...recorded, unhealthy: reading.message };
    if (reading.machineId !== id) {
      return { id, ...recorded, unhealthy: wrongMachine(host, id, reading.machineId, context.urn).message };
    }
    const failure = lastFailure(reading);
    if (failure) context.log('warning', failure);
    const inputs = trueInputs(recorded.inputs, reading);
    const { claim } = recorded.state;
    return { id, inputs, state: { ...deploymentStateFrom(inputs, reading), claim } };
  },

  async update(recorded, desired, context) {
    return await inWave(context, async () => {
      const { signal } = context;
      const machine = machineOf(desired);
      const { profile, system } = desired;
      const reading = await readMachine(machine, { profile, system, signal });
      const known = recorded.state.live.system;
      if (known && reading.system !== known && reading.system !== desired.system) {
        const drift = drifted(desired.host, reading, known);
        if (desired.onDrift === 'fail') throw drift;
        context.log(
          'warning',
          `${drift.message.split('\n', 1)[0]}: ${reading.system || 'no system'}, not ${known}`,
        );
      }
      const { id, state } = recorded;
      const owned = { id, claim: state.claim || newClaim() };
      return await deployTo(owned, machine, desired, reading, context, recorded);
    });
  },

  /** Stops managing: the machine is not contacted, and runs on as it is. */
  async delete(recorded) {
    await machineOf(recorded.inputs).close();
  },
};

/** Which of the stack's hosts each machine is, of those that this process deployed to. */
const hosts = new Map<string, string>();
/** With the boot ID, since machines that were made from one image may have one machine-id. */
const bootOf = ({ machineId, bootId }: MachineReading) => `${machineId}/${bootId}`;

async function deployTo(
  { id, claim }: { id: string; claim: string },
  machine: Machine,
  inputs: DeploymentInputs,
  reading: MachineReading,
  context: Context,
  recorded?: Recorded<DeploymentInputs, DeploymentState>,
): Promise<DeploymentState> {
  const { machineId = id } = inputs;
  for (const expected of [id, machineId]) {
    if (reading.machineId !== expected)
      throw wrongMachine(machine.name, expected, reading.machineId, context.urn);
  }
  const ownership = { claim, urn: context.urn, takeOverFrom: inputs.takeOverFrom };
  const { owner } = reading;
  if (owner && inputs.action !== 'dry-activate' && !mayTake(owner, ownership))
    throw ownedByOther(machine.name, 'the machine', owner);
  const other = hosts.get(bootOf(reading)) ?? inputs.host;
  if (other !== inputs.host) throw sameMachine([other, inputs.host], reading.machineId);
  hosts.set(bootOf(reading), inputs.host);
  if (reading.system !== inputs.system)
    // After a failure the state has the facts of the system that runs.
    await refuseOtherInterface(machine, inputs, recorded?.state.facts ?? recorded?.inputs.facts, context);
  if (reading.system !== inputs.system || inputs.via === 'nixos-rebuild') await haveClosure(inputs, context);
  const corrected = recorded && correctClosure(recorded, inputs, context).catch(() => undefined);
  const after = await namingConsole(inputs.connection, () =>
    deploy(machine, {
      ...inputs,
      reading,
      ownership,
      agreement: agreementOf(inputs, context),
      signal: context.signal,
      status: (line) => context.status(line),
      note: (line) => context.log('info', line),
      warn: (line) => context.log('warning', line),
      // The switch had begun: whatever its outcome, the state holds what the machine reports now.
      onFailure: (error, now) => {
        throw new PartialFailure(id, { ...failedStateFrom(inputs, now), claim }, error);
      },
    }),
  );
  hosts.set(bootOf(after), inputs.host);
  const correction = await corrected;
  if (correction) context.log('info', correction);
  const state = { ...deploymentStateFrom(inputs, after), claim };
  await retire(id, machine, inputs, state, context);
  return state;
}

/** Removes the bootstrap user after a switch: only a switch was confirmed by the user who stays. */
async function retire(
  id: string,
  machine: Machine,
  inputs: DeploymentInputs,
  state: DeploymentState,
  { signal, log }: Context,
): Promise<void> {
  if (inputs.action !== 'switch') return;
  const removed = await retireBootstrapUser(machine, signal).catch((error: Error) => {
    throw new PartialFailure(id, state, error);
  });
  if (removed)
    log(
      'info',
      `${machine.name}: the user ${machine.connection.bootstrapUser} of the installation was removed`,
    );
}

async function importMachine(
  id: string,
  context: Context,
): Promise<ReadResult<DeploymentInputs, DeploymentState>> {
  const host = context.name;
  const settings = adoptedHost(id) ?? { connection: connectionFromId(id, host) };
  const given = deploymentInputs.parse({ host, ...settings, system: '' });
  const { signal } = context;
  const reading = await readMachine(machineOf(given), { profile: given.profile, signal });
  const inputs = trueInputs(given, reading);
  return { id: reading.machineId, inputs, state: deploymentStateFrom(inputs, reading) };
}

/** A machine that cannot be reached now still exists. */
function notNow(error: unknown): FleetError {
  if (isFailure(error)) return error;
  throw error;
}
