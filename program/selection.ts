import { readFileSync } from 'node:fs';
import type { FleetError } from '../lib/base/errors.ts';
import type { EvaluatedKernel, FleetEvaluation, HostEvaluation } from '../schema/evaluation.ts';
import { parseFacts } from '../schema/facts.ts';
import { symbolsOf } from '../schema/kernel.ts';
import { type Selection, selection, selectionVariable } from '../schema/selection.ts';

/** The selection that a command made for this run; undefined for all hosts. */
export function readSelection(): Selection | undefined {
  const file = process.env[selectionVariable];
  return file ? selection.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

/** An evaluation of the selected hosts, with the other hosts as they are recorded. */
export function withRecorded<Evaluation extends FleetEvaluation<FleetError>>(
  evaluation: Evaluation,
  selected: Selection | undefined,
): Evaluation {
  if (!selected) return evaluation;
  const hosts = Object.entries(selected.recorded).map(([name, { facts, ...recorded }]) => {
    const host: HostEvaluation<FleetError> = {
      ok: true,
      ...recorded,
      facts: parseFacts(facts),
      warnings: [],
      revision: '',
    };
    return [name, host] as const;
  });
  const kernels = Object.entries(selected.kernels).map(([drvPath, { configured, ...facts }]) => {
    const kernel: EvaluatedKernel = {
      ...facts,
      configured: configured === undefined ? undefined : symbolsOf(configured),
      // What a kernel is judged and configured by: this was done when it was deployed.
      configOrigin: 'asked',
      optional: [],
      sourcePath: '',
      knownReleases: {},
    };
    return [drvPath, kernel] as const;
  });
  return {
    ...evaluation,
    hosts: { ...Object.fromEntries(hosts), ...evaluation.hosts },
    kernels: { ...Object.fromEntries(kernels), ...evaluation.kernels },
  };
}
