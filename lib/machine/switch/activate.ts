import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { FleetError, hasCode } from '../../base/errors.ts';
import { longestCheckSeconds, runHealthChecks } from '../health/health-checks.ts';
import type { MachineReading } from '../parse-reading.ts';
import type { DeploymentRecord } from '../record/record.ts';
import type { ActivationResult } from '../record/result.ts';
import type { Machine } from '../ssh/machine.ts';
import { begin } from './begin.ts';
import { explainResult } from './explain.ts';
import { followSupervisor } from './follow.ts';
import { activatedPath } from './goal.ts';
import type { Parameters, SwitchSettings } from './start-script.ts';

/** What is to be switched, whose system is in the machine's store, and how. */
export interface ActivationRequest
  extends SwitchSettings,
    Pick<DeploymentInputs, 'confirmTimeoutSeconds' | 'activationTimeoutSeconds' | 'healthChecks'> {
  /** The machine as it was read before: another one at the address is refused. */
  reading: Pick<MachineReading, 'machineId' | 'bootId'>;
  record: DeploymentRecord;
  signal?: AbortSignal;
  status?: (line: string) => void;
}

/** Who deploys, as machines record it: user@host. */
export function operator(): string {
  return `${userInfo().username}@${hostname()}`;
}

/**
 * Switches a machine under its supervisor and returns the supervisor's result once the new system is live, confirmed,
 * and what the machine boots.
 * @throws FleetError where the machine went back or could not be followed; `cancelled` leaves it to its supervisor
 */
export async function activate(machine: Machine, request: ActivationRequest): Promise<ActivationResult> {
  const { name: host } = machine;
  const { signal } = request;
  const parameters = switchParameters(machine, request);
  const { unit } = parameters;
  const ended = await beginAndFollow(machine, request, parameters).catch((error: unknown) => {
    if (signal?.aborted) throw leftAlone(host, unit);
    throw hasCode(error, 'unreachable') ? lost(host, unit, error) : error;
  });
  const failure = explainResult(ended.result, ended.log, ended.unhealthy);
  if (failure) throw failure;
  return ended.result;
}

/** What the machine is told of a switch that is to begin now. */
export function switchParameters({ name: host }: Machine, request: ActivationRequest): Parameters {
  const { reading, confirmTimeoutSeconds, healthChecks } = request;
  return {
    ...request,
    host,
    unit: unitName(new Date()),
    by: operator(),
    token: randomBytes(16).toString('hex'),
    machineId: reading.machineId,
    activationSeconds: request.activationTimeoutSeconds,
    // The supervisor waits for the checks too.
    confirmSeconds: confirmTimeoutSeconds + longestCheckSeconds(healthChecks),
  };
}

async function beginAndFollow(
  machine: Machine,
  request: ActivationRequest,
  parameters: Parameters,
): Promise<{ result: ActivationResult; log: string; unhealthy: string[] }> {
  const { record, reading, signal, healthChecks } = request;
  const { unit, token, confirmSeconds } = parameters;
  await begin(machine, parameters, record, signal);
  const confirmation = { unit, activated: activatedPath(request), token };
  return await followSupervisor(machine, confirmation, {
    bootId: reading.bootId,
    // By then a supervisor that could not be confirmed has put the machine back.
    patienceSeconds: confirmSeconds + 60,
    signal,
    healthChecks: () => runHealthChecks(machine, healthChecks, { signal, onLine: request.status }),
    onLine: request.status ?? (() => undefined),
  });
}

/** A name no other deployment has, in the order of time: nixos-fleet-20260721-101500-3fa9c2. */
function unitName(now: Date): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `nixos-fleet-${time}-${randomBytes(3).toString('hex')}`;
}

function leftAlone(host: string, unit: string): FleetError {
  return new FleetError({
    code: 'cancelled',
    what: 'the switch is no longer followed; it is left to its supervisor',
    host,
    why: `${unit} goes back to the system before, unless it had been confirmed already`,
    fix: 'When it has ended, `pulumi refresh` tells what the machine runs.',
  });
}

function lost(host: string, unit: string, cause: FleetError): FleetError {
  return new FleetError({
    code: 'unreachable',
    what: 'the machine was lost while it switched; it is left to its supervisor',
    host,
    why: `${cause.why ?? cause.message}\n${unit} goes back to the system before, unless it had been confirmed already`,
    fix: 'When the machine can be reached again, `pulumi refresh` tells what it runs.',
    cause,
  });
}
