import type { ActivationResult } from '../../lib/machine/record/result.ts';
import type { StatusDocument } from '../../schema/status.ts';
import { isDrifted, type MachineStatus } from './status-report.ts';

/** The document of `status --json`. */
export function statusDocumentOf(statuses: readonly MachineStatus[], readAt: Date): StatusDocument {
  return { readAt: readAt.toISOString(), machines: statuses.map(entry) };
}

function entry(status: MachineStatus): StatusDocument['machines'][number] {
  const { host: name, description, system: recordedSystem } = status.machine;
  const recorded = { name, description, recordedSystem };
  if ('error' in status) {
    const { code, what, why, fix } = status.error;
    return { ...recorded, readable: false, error: { code, what, why, fix } };
  }
  const { reading, history } = status;
  const { system, specialisation, generation, kernel, since, rebootDue, busy } = reading;
  return {
    ...recorded,
    ...{ readable: true, system, specialisation, generation, kernel, since, rebootDue },
    bootSystem: reading.profileSystem,
    drifted: isDrifted(reading, recordedSystem),
    deploying: busy && { by: busy.by, since: busy.since },
    deployments: history.map(deployment),
  };
}

function deployment({ endedAt, by, revision, system, action, outcome, wentBack }: ActivationResult) {
  return {
    endedAt: new Date(endedAt * 1000).toISOString(),
    ...{ by, revision, system, action, outcome, rolledBack: wentBack },
  };
}
