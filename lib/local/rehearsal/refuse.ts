import type { FleetEvaluation } from '../../../schema/evaluation.ts';
import type { FleetError } from '../../base/errors.ts';

/**
 * Marks the evaluation of machines as failed if the virtual machine for their rehearsal could not be evaluated.
 * @param failures of evaluating the virtual machines, each with its host
 */
export function refuseUnrehearsed<Evaluation extends Pick<FleetEvaluation, 'hosts'>>(
  evaluation: Evaluation,
  failures: readonly FleetError[],
): Evaluation {
  const refused = failures.flatMap((error) =>
    error.host !== undefined && evaluation.hosts[error.host]?.ok
      ? [[error.host, { ok: false as const, error }] as const]
      : [],
  );
  return { ...evaluation, hosts: { ...evaluation.hosts, ...Object.fromEntries(refused) } };
}
