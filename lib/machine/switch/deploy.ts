import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { parseFacts } from '../../../schema/facts.ts';
import { FleetError } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import { deliver } from '../delivery/deliver.ts';
import { assertDeployable } from '../guard.ts';
import { operator } from '../operator.ts';
import { type Ownership, ownedByOther, ownershipScript, parseOwner } from '../ownership/ownership.ts';
import type { MachineReading } from '../parse-reading.ts';
import { readMachine } from '../read-machine.ts';
import { reboot } from '../reboot/reboot.ts';
import type { DeploymentRecord } from '../record/record.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import { type Agreement, activate } from './activate.ts';
import { dryActivate } from './dry-activate.ts';
import { ActivationError } from './explain.ts';
import { isLive, reached } from './goal.ts';
import { activateByNixosRebuild } from './nixos-rebuild.ts';
import { recordScript, recordVariables } from './record-script.ts';
import { tidy } from './tidy.ts';

export interface DeployRequest extends Omit<DeploymentInputs, 'host' | 'connection'> {
  /** The reading before the deployment. */
  reading: MachineReading;
  ownership: Ownership;
  agreement?: Agreement | undefined;
  signal?: AbortSignal;
  status: (line: string) => void;
  /** Prints a permanent line. */
  note: (line: string) => void;
  warn: (line: string) => void;
  /** Called after a failed switch or reboot with a new reading of the machine. Throws. */
  onFailure: (error: FleetError, reading: MachineReading) => never;
}

/**
 * Deploys a system with the desired action: delivers the closure, switches under a supervisor, reboots if desired, and returns a
 * new reading. On a machine that is already in the desired state, only the deployment record is written.
 * @throws FleetError
 */
export async function deploy(machine: Machine, request: DeployRequest): Promise<MachineReading> {
  const { name: host } = machine;
  const { system, revision, facts, reading, profile, signal } = request;
  const record: DeploymentRecord = {
    host,
    system,
    revision,
    facts: facts ? parseFacts(facts) : undefined,
    by: operator(),
    at: new Date().toISOString(),
  };
  const read = () => readMachine(machine, { profile, signal });
  if (request.action === 'dry-activate') {
    assertDeployable(reading, host);
    await deliver(machine, request);
    await dryActivate(machine, request);
    return await read();
  }
  const isReached = reached(reading, request);
  if (isReached) {
    await writeRecord(machine, record, request.ownership, signal);
  } else {
    assertDeployable(reading, host);
    if (reading.system !== system && !reading.holds) await deliver(machine, request);
  }
  try {
    const now = (isReached ? undefined : await switchTo(machine, request, record)) ?? (await read());
    if (!rebootWanted(request, now, !isReached)) return now;
    const booted = await reboot(machine, {
      ...request,
      reading: now,
      previous: isReached ? '' : reading.system,
      by: record.by,
    });
    // The boot loader starts the system itself, so a specialisation has to be activated after the boot.
    if (isLive(booted, request)) return booted;
    return (await switchTo(machine, { ...request, reading: booted }, record)) ?? (await read());
  } catch (error) {
    if (!(error instanceof FleetError) || signal?.aborted) throw error;
    const now = await readAfterFailure(machine, request, error);
    if (now && now.machineId === reading.machineId) request.onFailure(error, now);
    throw error;
  }
}

/** Switches, then removes old generations. Returns the machine after that; undefined if it has to be read. */
async function switchTo(
  machine: Machine,
  request: DeployRequest,
  record: DeploymentRecord,
): Promise<MachineReading | undefined> {
  const { reading, action } = request;
  // A state written by an earlier version has no health checks.
  const healthChecks = request.healthChecks ?? {};
  const run = request.via === 'nixos-rebuild' ? activateByNixosRebuild : activate;
  const { failedUnits, reading: after } = await run(machine, { ...request, record, healthChecks });
  if (failedUnits.length > 0) {
    request.warn(`${machine.name} runs the new system, but units failed: ${failedUnits.join(', ')}`);
  }
  const tidied =
    action !== 'test' && (await tidy(machine, { ...request, before: reading.system, by: record.by }));
  return tidied ? undefined : after;
}

/** Whether a machine still has to be rebooted after the switch. @param changed whether a switch was made */
export function rebootWanted(
  { reboot, action, system }: Pick<DeploymentInputs, 'reboot' | 'action' | 'system'>,
  now: Pick<MachineReading, 'rebootDue' | 'system'>,
  changed: boolean,
): boolean {
  if (action === 'test' || action === 'dry-activate') return false;
  if (reboot === 'always') return changed || now.rebootDue;
  // A system that cannot be switched to was made the system of the next boot.
  return (
    reboot === 'when-needed' && (now.rebootDue || (changed && action === 'switch' && now.system !== system))
  );
}

/** A reading after a failed switch; undefined if it fails. If the machine is rebooting, waits for its next boot. */
async function readAfterFailure(
  machine: Machine,
  { reading, profile, confirmTimeoutSeconds, signal }: DeployRequest,
  error: FleetError,
): Promise<MachineReading | undefined> {
  const isRebooting = error instanceof ActivationError && error.result.wentBack === 'by-reboot';
  const look = () => readMachine(machine, { profile, fresh: isRebooting, signal }).catch(() => undefined);
  if (!isRebooting) return await look();
  const booted = async () => {
    const now = await look();
    return now?.bootId !== reading.bootId && now;
  };
  // If the wait is cancelled, the error of the switch is reported.
  return await until(booted, { limitSeconds: confirmTimeoutSeconds, intervalSeconds: 0.5, signal }).catch(
    () => undefined,
  );
}

async function writeRecord(
  machine: Machine,
  record: DeploymentRecord,
  ownership: Ownership,
  signal?: AbortSignal,
): Promise<void> {
  const options = { variables: recordVariables(record, ownership), signal };
  const reply = await runScript(machine, ownershipScript + recordScript, options);
  if (reply.exitCode === 0) return;
  const owner = parseOwner(reply);
  if (owner) throw ownedByOther(machine.name, 'the machine', owner);
  throw reply.error({
    code: 'command-failed',
    what: 'the deployment’s record could not be written on the machine',
    fix: 'The system itself is live. Check the free space in /nix.',
  });
}
