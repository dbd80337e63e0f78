import { FleetError } from '../base/errors.ts';

type Evaluations = Readonly<Record<string, { ok: true } | { ok: false; error: FleetError }>>;

/**
 * One error for all that failed alike: a fault in a module that machines share is reported once, with their names and one fix.
 * What failed alike has the same error object afterwards.
 */
export function groupErrors<const Groups extends readonly Evaluations[]>(...groups: Groups): Groups {
  const alike = new Map<string, FleetError[]>();
  for (const evaluation of groups.flatMap(Object.values)) {
    if (evaluation.ok) continue;
    const { error } = evaluation;
    const others = alike.get(keyOf(error)) ?? [];
    if (!others.includes(error)) alike.set(keyOf(error), [...others, error]);
  }
  const joined = new Map([...alike.values()].flatMap(join));
  const grouped = (evaluations: Evaluations): Evaluations =>
    Object.fromEntries(
      Object.entries(evaluations).map(([name, evaluation]) => [
        name,
        evaluation.ok
          ? evaluation
          : { ...evaluation, error: joined.get(evaluation.error) ?? evaluation.error },
      ]),
    );
  return groups.map(grouped) as unknown as Groups;
}

/** Machine and fix differ in what is the same fault: a fix names the configuration. */
function keyOf({ code, what, why = '' }: FleetError): string {
  return JSON.stringify([code, what, why]);
}

function join(errors: FleetError[]): [FleetError, FleetError][] {
  const [first] = errors;
  if (first === undefined || errors.length === 1) return [];
  const hosts = [...new Set(errors.flatMap(({ host }) => host?.split(', ') ?? []))];
  const { code, what, why, fix } = first;
  const one = new FleetError({ code, what, host: hosts.join(', ') || undefined, why, fix, cause: first });
  return errors.map((error) => [error, one]);
}
