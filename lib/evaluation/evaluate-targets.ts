import type { FleetError } from '../base/errors.ts';
import { evaluationError, missingError } from './host-error.ts';
import { lacksConfigurations, noConfigurations } from './no-configurations.ts';
import { planBatches, type Resources } from './plan-batches.ts';
import type { RawDerivation, RawFacts, RawKernel } from './raw-facts.ts';
import { type BatchRequest, type BatchResult, runBatch } from './run-batch.ts';

export interface EvaluateRequest
  extends Pick<BatchRequest, 'flake' | 'targets' | 'expression' | 'signal' | 'onTarget'> {
  resources: Resources;
}

export interface RawFleet {
  facts: Map<string, RawFacts>;
  outputs: Map<string, RawDerivation>;
  errors: Map<string, FleetError>;
  kernels: Map<string, RawKernel>;
}

/**
 * Evaluates targets in batches, as many at a time as memory and cores allow. If a target ends its batch, the remaining ones are
 * evaluated in a new batch, and the target alone, for its error message.
 * @throws FleetError `flake-invalid` if the flake has no nixosConfigurations
 */
export async function evaluateTargets(request: EvaluateRequest): Promise<RawFleet> {
  const { targets, flake, resources, onTarget } = request;
  const fleet: RawFleet = { facts: new Map(), outputs: new Map(), errors: new Map(), kernels: new Map() };
  const { batches, workers, batchMiB } = planBatches(Object.keys(targets), resources);
  const queue = batches.map((names) => ({ names, strict: false }));

  let unconfigured = false;
  const batch = async ({ names, strict }: { names: string[]; strict: boolean }): Promise<void> => {
    const result = await runBatch({
      ...request,
      targets: Object.fromEntries(names.map((name) => [name, targetOf(name)])),
      heapMiB: batchMiB,
      strict,
      onTarget: strict ? undefined : onTarget,
    });
    collect(result);
    // If no target began, the flake itself fails, and would fail for each target.
    const nothingBegan = result.failed.length === 0 && result.notReached.length === names.length;
    if (nothingBegan && lacksConfigurations(result.stderr)) {
      unconfigured = true;
      queue.length = 0;
      return;
    }
    const alone = nothingBegan || (strict && names.length === 1);
    if (alone) {
      for (const name of [...result.failed, ...result.notReached]) fail(name, result.stderr);
      return;
    }
    for (const name of result.failed) queue.push({ names: [name], strict: true });
    if (result.notReached.length > 0) queue.push({ names: result.notReached, strict: false });
  };
  const collect = (result: BatchResult) => {
    for (const [name, facts] of result.facts) fleet.facts.set(name, facts);
    for (const [name, output] of result.outputs) fleet.outputs.set(name, output);
    for (const kernel of result.kernels) fleet.kernels.set(kernel.drvPath, kernel);
    for (const [name, missing] of result.missing) {
      fleet.errors.set(name, missingError(name, targetOf(name), flake, missing));
    }
  };
  const fail = (name: string, stderr: string) => {
    fleet.errors.set(name, evaluationError(name, targetOf(name), flake, stderr));
  };
  const targetOf = (name: string) => targets[name] ?? { configuration: name };

  // A running batch may add work to the queue.
  const running = new Set<Promise<void>>();
  while (queue.length > 0 || running.size > 0) {
    for (let next = queue[0]; next && running.size < workers; next = queue[0]) {
      queue.shift();
      const started: Promise<void> = batch(next).finally(() => running.delete(started));
      running.add(started);
    }
    await Promise.race(running);
  }
  if (unconfigured) throw await noConfigurations(flake, request.signal);
  return fleet;
}
