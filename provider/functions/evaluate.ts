import { mapValues } from '../../lib/base/map-values.ts';
import { formatFacts, kernelFacts } from '../../schema/facts.ts';
import {
  type EvaluateArgs,
  type EvaluateResult,
  evaluateArgs,
  evaluateResult,
} from '../../schema/provider-functions.ts';
import type { ProviderFunction } from '../function.ts';

/** Facts, derivations and kernels of a flake's machines. */
export const evaluate: ProviderFunction<EvaluateArgs, EvaluateResult> = {
  token: 'nixos:index:evaluate',
  description:
    'Evaluates machines of a flake: what their systems are, before anything is built. A result that is still valid comes from a cache. A machine that cannot be evaluated is an entry of `errors`, and the others are evaluated.',
  args: evaluateArgs,
  result: evaluateResult,

  async call(args, context) {
    // Loaded by the first call: a provider starts without the evaluation.
    const { evaluateHosts } = await import('./evaluate-hosts.ts');
    const evaluation = await evaluateHosts(args, context);
    const hosts: EvaluateResult['hosts'] = {};
    const errors: EvaluateResult['errors'] = {};
    for (const [name, host] of Object.entries(evaluation.hosts)) {
      if (!host.ok) {
        errors[name] = host.error.message;
        continue;
      }
      const { drvPath, outPath, facts, kernel, warnings } = host;
      const revision = evaluation.revision || host.revision;
      hosts[name] = { drvPath, outPath, facts: formatFacts(facts), kernel, revision, warnings };
    }
    const kernels = mapValues(evaluation.kernels, (kernel) => kernelFacts.parse(kernel));
    return { hosts, errors, kernels, revision: evaluation.revision };
  },
};
