import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { parseFacts } from '../../../schema/facts.ts';
import { FleetError } from '../../base/errors.ts';
import { until } from '../../base/until.ts';
import { deliver } from '../delivery/deliver.ts';
import { assertDeployable } from '../guard.ts';
import type { MachineReading } from '../parse-reading.ts';
import { readMachine } from '../read-machine.ts';
import { reboot } from '../reboot/reboot.ts';
import type { DeploymentRecord } from '../record/record.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import { activate, operator } from './activate.ts';
import { dryActivate } from './dry-activate.ts';
import { ActivationError } from './explain.ts';
import { isLive, reached } from './goal.ts';
import { activateByNixosRebuild } from './nixos-rebuild.ts';
import { recordScript, recordVariables } from './record-script.ts';
import { tidy } from './tidy.ts';

export interface DeployRequest extends Omit<DeploymentInputs, 'host' | 'connection'> {
  /** The machine as it was read before. */
  reading: MachineReading;
  signal?: AbortSignal;
  status: (line: string) => void;
  /** Says something that stays to be read. */
  note: (line: string) => void;
  warn: (line: string) => void;
  /** Called where the switch was begun and failed, with the machine as it is now; it throws. */
  onFailure: (error: FleetError, reading: MachineReading) => never;
}

/**
 * Makes a machine run, boot, or both, a system, as the action says: brings what is missing, switches under the
 * supervisor, reboots where that is asked for, and returns what the machine says afterwards. One that is as asked already
 * is only told what it is.
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
  const isThere = reached(reading, request);
  if (isThere) {
    await writeRecord(machine, record, signal);
  } else {
    assertDeployable(reading, host);
    if (reading.system !== system) await deliver(machine, request);
  }
  try {
    if (!isThere) await switchTo(machine, request, record);
    const now = await read();
    if (!rebootWanted(request, now, !isThere)) return now;
    const booted = await reboot(machine, {
      ...request,
      reading: now,
      previous: isThere ? '' : reading.system,
      by: record.by,
    });
    // The boot loader starts the system itself, and not a specialisation of it.
    if (isLive(booted, request)) return booted;
    await switchTo(machine, { ...request, reading: booted }, record);
    return await read();
  } catch (error) {
    if (!(error instanceof FleetError) || signal?.aborted) throw error;
    const now = await readAfterFailure(machine, request, error);
    if (now && now.machineId === reading.machineId) request.onFailure(error, now);
    throw error;
  }
}

/** Switches under the supervisor, and tidies up. */
async function switchTo(machine: Machine, request: DeployRequest, record: DeploymentRecord): Promise<void> {
  const { reading, action } = request;
  // A state that an earlier version wrote has no health checks.
  const healthChecks = request.healthChecks ?? {};
  const switchIt = request.via === 'nixos-rebuild' ? activateByNixosRebuild : activate;
  const { failedUnits } = await switchIt(machine, { ...request, record, healthChecks });
  if (failedUnits.length > 0) {
    request.warn(`${machine.name} runs the new system, but units failed: ${failedUnits.join(', ')}`);
  }
  if (action !== 'test') await tidy(machine, { ...request, before: reading.system, by: record.by });
}

/** Whether a machine that is as asked has to be rebooted still. */
export function rebootWanted(
  { reboot, action, system }: Pick<DeploymentInputs, 'reboot' | 'action' | 'system'>,
  now: Pick<MachineReading, 'rebootDue' | 'system'>,
  changed: boolean,
): boolean {
  if (action === 'test' || action === 'dry-activate') return false;
  if (reboot === 'always') return changed || now.rebootDue;
  // What could not be switched to was made the system of the next boot.
  return (
    reboot === 'when-needed' && (now.rebootDue || (changed && action === 'switch' && now.system !== system))
  );
}

/** The machine as it is after a failed switch; undefined where it cannot be read. One that goes down is waited for. */
async function readAfterFailure(
  machine: Machine,
  { reading, profile, confirmTimeoutSeconds, signal }: DeployRequest,
  error: FleetError,
): Promise<MachineReading | undefined> {
  const goesDown = error instanceof ActivationError && error.result.wentBack === 'by-reboot';
  const look = () => readMachine(machine, { profile, fresh: goesDown, signal }).catch(() => undefined);
  if (!goesDown) return await look();
  const booted = async () => {
    const now = await look();
    return now?.bootId !== reading.bootId && now;
  };
  // Where the wait is cancelled, the switch's own error is the one to report.
  return await until(booted, { limitSeconds: confirmTimeoutSeconds, intervalSeconds: 0.5, signal }).catch(
    () => undefined,
  );
}

async function writeRecord(machine: Machine, record: DeploymentRecord, signal?: AbortSignal): Promise<void> {
  const options = { variables: recordVariables(record), signal };
  const reply = await runScript(machine, recordScript, options);
  if (reply.exitCode === 0) return;
  throw reply.error({
    code: 'command-failed',
    what: 'the deployment’s record could not be written on the machine',
    fix: 'Is there room in /nix? The system itself is live.',
  });
}
