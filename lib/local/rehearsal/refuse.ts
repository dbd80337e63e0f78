import type { FleetEvaluation } from '../../../schema/evaluation.ts';
import type { FleetError } from '../../base/errors.ts';

/**
 * Leaves alone those machines whose systems are to be rehearsed and cannot be: the evaluation of each fails with why. Pure.
 * @param failures of evaluating what they are rehearsed with, each with its machine
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
