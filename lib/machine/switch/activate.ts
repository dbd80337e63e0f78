import { randomBytes } from 'node:crypto';
import type { DeploymentInputs } from '../../../schema/deployment.ts';
import type { Clock } from '../../base/clock.ts';
import { FleetError, isFailure } from '../../base/errors.ts';
import { longestCheckSeconds, runHealthChecks } from '../health/health-checks.ts';
import { operator } from '../operator.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { MachineReading } from '../parse-reading.ts';
import type { DeploymentRecord } from '../record/record.ts';
import type { Machine } from '../ssh/machine.ts';
import { begin, claim } from './begin.ts';
import { explainResult } from './explain.ts';
import { type Followed, followSupervisor } from './follow.ts';
import { activatedPath } from './goal.ts';
import type { SwitchParameters, SwitchSettings } from './start-script.ts';
import { SwitchOutput } from './switch-output.ts';
import { verifyRollback } from './verify-rollback.ts';

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
  /** Whether other machines are switched together with it. Default: none. */
  agreement?: Agreement | undefined;
  signal?: AbortSignal;
  status?: (line: string) => void;
  /** Default: the real one. */
  clock?: Clock;
}

/** Machines that are confirmed together, or not at all. */
export interface Agreement {
  /** For how many seconds longer the machine waits for its confirmation. */
  seconds: number;
  /** Called when the machine is active and healthy. Returns why it must roll back; nothing if it may be confirmed. */
  reach: () => Promise<string[]>;
}

export interface Activated {
  /** Units that failed, and were accepted. */
  failedUnits: string[];
  /** The machine after the switch; undefined if it has to be read. */
  reading?: MachineReading | undefined;
}

/**
 * Switches a machine under a supervisor. Returns once the new system is live, confirmed and the default for the next boot. A cancel
 * rejects the system.
 * @throws FleetError if the machine rolled back or could not be followed
 */
export async function activate(machine: Machine, request: ActivationRequest): Promise<Activated> {
  const { signal, clock } = request;
  const parameters = switchParameters(machine, request);
  const ended = await beginAndFollow(machine, request, parameters).catch(async (error: unknown) => {
    throw signal?.aborted ? await cancel(machine, parameters.unit) : error;
  });
  const { result, log, unhealthy, notAnswered, reading } = ended;
  const unverified = await verifyRollback(machine, result, { signal, clock });
  const failure = explainResult(result, log, { unhealthy, notAnswered, unverified });
  if (failure) throw failure;
  return { failedUnits: result.failedUnits, reading };
}

/** The parameters of a new switch, with a unique unit name and token. */
export function switchParameters({ name: host }: Machine, request: ActivationRequest): SwitchParameters {
  const { reading, confirmTimeoutSeconds, healthChecks, agreement } = request;
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
    confirmSeconds: confirmTimeoutSeconds + longestCheckSeconds(healthChecks) + (agreement?.seconds ?? 0),
  };
}

async function beginAndFollow(
  machine: Machine,
  request: ActivationRequest,
  parameters: SwitchParameters,
): Promise<Followed> {
  const { record, reading, signal, healthChecks, agreement, clock } = request;
  const { unit, token, confirmSeconds } = parameters;
  const onLine = request.status ?? (() => undefined);
  onLine('checking the new system');
  const seen = new SwitchOutput(onLine);
  const begun = await begin(machine, parameters, record, { follow: seen, signal });
  const confirmation = { unit, activated: activatedPath(request), token, profile: request.profile };
  return await followSupervisor(machine, confirmation, {
    bootId: reading.bootId,
    ...begun,
    seen,
    clock,
    // By then a supervisor without a confirmation has rolled back.
    unreachableLimitSeconds: confirmSeconds + 60,
    signal,
    healthChecks: async () => {
      const unhealthy = await runHealthChecks(machine, healthChecks, { signal, clock, onLine });
      return unhealthy.length > 0 ? unhealthy : ((await agreement?.reach()) ?? []);
    },
    onLine,
  });
}

/** A unique unit name that sorts by time: nixos-fleet-20260721-101500-3fa9c2. */
function unitName(now: Date): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `nixos-fleet-${time}-${randomBytes(3).toString('hex')}`;
}

/**
 * Rejects a switch that the operator cancelled, so that the machine rolls back at once, or keeps it from starting. Returns the error.
 * A system that was already confirmed stays.
 */
async function cancel(machine: Machine, unit: string): Promise<FleetError> {
  const reason = 'the operator cancelled the deployment';
  const timeoutSeconds = machine.connection.connectTimeoutSeconds + 5;
  const state = await claim(machine, unit, { reason, timeoutSeconds }).catch((error: unknown) => {
    if (isFailure(error)) return error;
    throw error;
  });
  const why =
    state === 'not-started'
      ? 'the switch had not started: nothing was changed on the machine'
      : state === 'started'
        ? `${unit} was told so: it rolls back to the previous system unless the new one was already confirmed`
        : `${unit} could not be told (${state.why ?? state.message}): it rolls back to the previous system by itself unless the new one was already confirmed`;
  return new FleetError({
    code: 'cancelled',
    what: 'the deployment was cancelled during the switch',
    host: machine.name,
    why,
    fix: 'Once it has ended, run `pulumi refresh` to read the live system.',
  });
}
