import { randomBytes } from 'node:crypto';
import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { FleetError, hasCode } from '../../base/errors.ts';
import { longestCheckSeconds, runHealthChecks } from '../health/health-checks.ts';
import { operator } from '../operator.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { MachineReading } from '../parse-reading.ts';
import type { DeploymentRecord } from '../record/record.ts';
import type { ActivationResult } from '../record/result.ts';
import type { Machine } from '../ssh/machine.ts';
import { begin } from './begin.ts';
import { explainResult } from './explain.ts';
import { followSupervisor } from './follow.ts';
import { activatedPath } from './goal.ts';
import type { SwitchParameters, SwitchSettings } from './start-script.ts';

/** A switch to a system that is in the machine's store. */
export interface ActivationRequest
  extends SwitchSettings,
    Pick<
      DeploymentInputs,
      'confirmTimeoutSeconds' | 'activationTimeoutSeconds' | 'healthChecks' | 'onDrift'
    > {
  /** The reading before the switch; another machine at the address is refused. */
  reading: Pick<MachineReading, 'machineId' | 'bootId' | 'current'>;
  record: DeploymentRecord;
  ownership: Ownership;
  signal?: AbortSignal;
  status?: (line: string) => void;
}

/**
 * Switches a machine under a supervisor. Returns the supervisor's result once the new system is live, confirmed and the default
 * for the next boot.
 * @throws FleetError if the machine rolled back or could not be followed; after `cancelled` the supervisor continues alone
 */
export async function activate(machine: Machine, request: ActivationRequest): Promise<ActivationResult> {
  const { name: host } = machine;
  const { signal } = request;
  const parameters = switchParameters(machine, request);
  const { unit } = parameters;
  const ended = await beginAndFollow(machine, request, parameters).catch((error: unknown) => {
    if (signal?.aborted) throw detached(host, unit);
    throw hasCode(error, 'unreachable') ? connectionLost(host, unit, error) : error;
  });
  const failure = explainResult(ended.result, ended.log, ended.unhealthy);
  if (failure) throw failure;
  return ended.result;
}

/** The parameters of a new switch, with a unique unit name and token. */
export function switchParameters({ name: host }: Machine, request: ActivationRequest): SwitchParameters {
  const { reading, confirmTimeoutSeconds, healthChecks } = request;
  return {
    ...request,
    host,
    unit: unitName(new Date()),
    by: operator(),
    token: randomBytes(16).toString('hex'),
    machineId: reading.machineId,
    expectedLive: request.onDrift === 'fail' ? reading.current : '',
    activationSeconds: request.activationTimeoutSeconds,
    // Health checks run before the confirmation.
    confirmSeconds: confirmTimeoutSeconds + longestCheckSeconds(healthChecks),
  };
}

async function beginAndFollow(
  machine: Machine,
  request: ActivationRequest,
  parameters: SwitchParameters,
): Promise<{ result: ActivationResult; log: string; unhealthy: string[] }> {
  const { record, reading, signal, healthChecks } = request;
  const { unit, token, confirmSeconds } = parameters;
  await begin(machine, parameters, record, signal);
  const confirmation = { unit, activated: activatedPath(request), token };
  return await followSupervisor(machine, confirmation, {
    bootId: reading.bootId,
    // By then a supervisor without a confirmation has rolled back.
    unreachableLimitSeconds: confirmSeconds + 60,
    signal,
    healthChecks: () => runHealthChecks(machine, healthChecks, { signal, onLine: request.status }),
    onLine: request.status ?? (() => undefined),
  });
}

/** A unique unit name that sorts by time: nixos-fleet-20260721-101500-3fa9c2. */
function unitName(now: Date): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `nixos-fleet-${time}-${randomBytes(3).toString('hex')}`;
}

function detached(host: string, unit: string): FleetError {
  return new FleetError({
    code: 'cancelled',
    what: 'the deployment was cancelled during the switch, which is left to its supervisor',
    host,
    why: `${unit} rolls back to the previous system unless the new one was already confirmed`,
    fix: 'Once it has ended, run `pulumi refresh` to read the live system.',
  });
}

function connectionLost(host: string, unit: string, cause: FleetError): FleetError {
  return new FleetError({
    code: 'unreachable',
    what: 'the connection was lost during the switch, which is left to its supervisor',
    host,
    why: `${cause.why ?? cause.message}\n${unit} rolls back to the previous system unless the new one was already confirmed`,
    fix: 'Once the machine can be reached again, run `pulumi refresh` to read its live system.',
    cause,
  });
}
