import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../schema/connection.ts';
import type { DeploymentInputs } from '../../schema/deployment.ts';
import { parseFacts } from '../../schema/facts.ts';
import { FleetError } from '../errors.ts';
import { assertDeployable } from '../machine/guard.ts';
import type { MachineReading } from '../machine/parse-reading.ts';
import { readMachine } from '../machine/read-machine.ts';
import type { DeploymentRecord } from '../machine/record.ts';
import { copyClosure } from '../nix-cli/copy.ts';
import { nixStoreFor } from '../ssh/nix-store.ts';
import { runOnMachine } from '../ssh/run.ts';
import { activate, operator } from './activate.ts';
import { ActivationError } from './explain.ts';
import { recordScript } from './record-script.ts';
import { tidy } from './tidy.ts';

export interface DeployRequest extends DeploymentInputs {
  /** The machine as it was read before. */
  reading: MachineReading;
  signal?: AbortSignal;
  status: (line: string) => void;
  warn: (line: string) => void;
  /** Called where the switch was begun and failed, with the machine as it is now; it throws. */
  onFailure: (error: FleetError, reading: MachineReading) => never;
}

/**
 * Makes a machine run and boot a system: copies what is missing, switches under the supervisor, and returns what the
 * machine says afterwards. One that runs and boots it already is only told what it is.
 * @throws FleetError
 */
export async function deploy(connection: Connection, request: DeployRequest): Promise<MachineReading> {
  const { host, system, revision, facts, reading, signal, status } = request;
  const record: DeploymentRecord = {
    host,
    system,
    revision,
    ...(facts ? { facts: parseFacts(facts) } : {}),
    by: operator(),
    at: new Date().toISOString(),
  };
  if (reading.system === system && reading.profileSystem === system) {
    await writeRecord(connection, host, record, signal);
    return await readMachine(connection, host, { signal });
  }
  assertDeployable(reading, host);
  if (reading.system !== system) await copy(connection, request);
  try {
    const { confirmTimeoutSeconds, activationTimeoutSeconds, unitFailures, healthChecks } = request;
    const result = await activate(connection, {
      host,
      reading,
      system,
      record,
      confirmTimeoutSeconds,
      activationTimeoutSeconds,
      unitFailures,
      // A state that an earlier version wrote has none.
      healthChecks: healthChecks ?? {},
      signal,
      status,
    });
    if (result.failedUnits.length > 0) {
      request.warn(`${host} runs the new system, but units failed: ${result.failedUnits.join(', ')}`);
    }
  } catch (error) {
    if (!(error instanceof FleetError) || signal?.aborted) throw error;
    const now = await readAfterFailure(connection, request, error);
    if (now && now.machineId === reading.machineId) request.onFailure(error, now);
    throw error;
  }
  await tidy(connection, { ...request, before: reading.system, by: record.by });
  return await readMachine(connection, host, { signal });
}

/** The machine as it is after a failed switch; undefined where it cannot be read. One that goes down is waited for. */
async function readAfterFailure(
  connection: Connection,
  { host, reading, confirmTimeoutSeconds, signal }: DeployRequest,
  error: FleetError,
): Promise<MachineReading | undefined> {
  const goesDown = error instanceof ActivationError && error.result.wentBack === 'by-reboot';
  const end = performance.now() + confirmTimeoutSeconds * 1000;
  for (;;) {
    const now = await readMachine(connection, host, { fresh: goesDown, signal }).catch(() => undefined);
    if (!goesDown || (now && now.bootId !== reading.bootId)) return now;
    if (performance.now() > end || signal?.aborted) return undefined;
    await sleep(500);
  }
}

async function copy(connection: Connection, request: DeployRequest): Promise<void> {
  const { host, system, signal, status } = request;
  const store = nixStoreFor(connection);
  status('copying the system to the machine');
  await copyClosure({
    paths: [system],
    target: store.uri,
    sshOpts: store.env.NIX_SSHOPTS,
    host,
    signal,
    onProgress: status,
  });
}

async function writeRecord(
  connection: Connection,
  host: string,
  record: DeploymentRecord,
  signal?: AbortSignal,
): Promise<void> {
  const { exitCode, stderr } = await runOnMachine(connection, host, recordScript(record), { signal });
  if (exitCode === 0) return;
  throw new FleetError({
    code: 'command-failed',
    what: 'the deployment’s record could not be written on the machine',
    host,
    why: stderr.trim() || `exit code ${exitCode}`,
    mend: 'Is there room in /nix? The system itself is live.',
  });
}
