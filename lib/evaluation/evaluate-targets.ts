import type { FleetError } from '../base/errors.ts';
import { evaluationError, foreignError, killedError, missingError } from './host-error.ts';
import { lacksConfigurations, noConfigurations } from './no-configurations.ts';
import { planBatches, type Resources } from './plan-batches.ts';
import type { RawDerivation, RawFacts, RawKernel } from './raw-facts.ts';
import type { HostReads } from './reads/attribute-reads.ts';
import { type BatchRequest, type BatchResult, runBatch } from './run-batch.ts';

export interface EvaluateRequest
  extends Pick<
    BatchRequest,
    'flake' | 'targets' | 'expression' | 'tree' | 'signal' | 'onTarget' | 'onDerivation'
  > {
  resources: Resources;
}

export interface RawFleet {
  facts: Map<string, RawFacts>;
  outputs: Map<string, RawDerivation>;
  errors: Map<string, FleetError>;
  kernels: Map<string, RawKernel>;
  /** What each target has read at most, where that was observed. */
  reads: Map<string, HostReads>;
  /** Whether the flake's files were written meanwhile, as far as they were observed. */
  written: boolean;
}

export function noRawFleet(): RawFleet {
  return {
    facts: new Map(),
    outputs: new Map(),
    errors: new Map(),
    kernels: new Map(),
    reads: new Map(),
    written: false,
  };
}

/**
 * Evaluates targets in batches, as many at a time as memory and cores allow. A target that fails ends its batch with its message,
 * and the remaining ones are evaluated in new batches: none is evaluated twice. The results are added to `fleet`.
 * @throws FleetError `flake-invalid` if the flake has no nixosConfigurations
 */
export async function evaluateTargets(request: EvaluateRequest, fleet = noRawFleet()): Promise<RawFleet> {
  const { targets, flake, resources, onTarget } = request;
  const { batches, workers, batchMiB } = planBatches(Object.keys(targets), resources);
  const queue = [...batches];

  let unconfigured = false;
  const batch = async (names: string[]): Promise<void> => {
    const result = await runBatch({
      ...request,
      targets: Object.fromEntries(names.map((name) => [name, targetOf(name)])),
      heapMiB: batchMiB,
    });
    collect(result);
    const nothingBegan = result.failed.length === 0 && result.notReached.length === names.length;
    if (nothingBegan && !result.killed && lacksConfigurations(result.stderr)) {
      unconfigured = true;
      queue.length = 0;
      return;
    }
    if (result.killed && names.length > 1) {
      queue.push(...result.failed.map((name) => [name]));
    } else {
      for (const name of result.failed) {
        fail(name, result);
        onTarget?.();
      }
    }
    // If no target began, the flake itself fails, and would fail for each target.
    if (nothingBegan) for (const name of result.notReached) fail(name, result);
    else if (result.notReached.length > 0) queue.push(...planBatches(result.notReached, resources).batches);
  };
  const collect = (result: BatchResult) => {
    for (const [name, facts] of result.facts) fleet.facts.set(name, facts);
    for (const [name, output] of result.outputs) fleet.outputs.set(name, output);
    for (const kernel of result.kernels) fleet.kernels.set(kernel.drvPath, kernel);
    for (const [name, reads] of result.reads ?? []) fleet.reads.set(name, reads);
    fleet.written ||= result.written;
    for (const [name, missing] of result.missing) {
      fleet.errors.set(name, missingError(name, targetOf(name), flake, missing));
    }
    for (const [name, attributes] of result.foreign) {
      fleet.errors.set(name, foreignError(name, targetOf(name), attributes));
    }
  };
  const fail = (name: string, { killed, stderr }: BatchResult) => {
    const error = killed
      ? killedError(name, targetOf(name), killed, stderr)
      : evaluationError(name, targetOf(name), flake, stderr);
    fleet.errors.set(name, error);
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
