import { evaluateFleet } from '../../lib/evaluation/evaluate-fleet.ts';
import { checkKernels } from '../../lib/kernel/check-kernels.ts';
import type { EvaluateArgs } from '../../schema/provider-functions.ts';
import type { CallContext } from '../function.ts';

/** Evaluates a flake's machines, and checks their kernels. */
export async function evaluateHosts(
  { allowUnbootableKernel, ...request }: EvaluateArgs,
  { signal, status }: CallContext,
) {
  const evaluated = await evaluateFleet({
    ...request,
    // The engine starts a provider in the project's folder.
    baseDirectory: process.cwd(),
    signal,
    onProgress: status,
  });
  return checkKernels(evaluated, (host) => allowUnbootableKernel.includes(host));
}
