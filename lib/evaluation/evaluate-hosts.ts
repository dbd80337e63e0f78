import type { FleetError } from '../base/errors.ts';
import type { FlakeMetadata } from '../store/nix/flake.ts';
import { evaluationError, missingError } from './host-error.ts';
import { builtAttribute, parseTarget } from './image-target.ts';
import { planBatches, type Resources } from './plan-batches.ts';
import type { RawFacts, RawKernel } from './raw-facts.ts';
import { type BatchRequest, type BatchResult, runBatch } from './run-batch.ts';

export interface EvaluateRequest extends Pick<BatchRequest, 'expression' | 'signal'> {
  flake: FlakeMetadata;
  /** Name of a host or an image to what is evaluated (formatTarget). */
  hosts: Record<string, string>;
  resources: Resources;
  onHost?: () => void;
}

export interface RawFleet {
  facts: Map<string, RawFacts>;
  errors: Map<string, FleetError>;
  kernels: Map<string, RawKernel>;
}

/**
 * Evaluates hosts in batches, as many at a time as memory and cores allow. When a host ends a batch, those behind it
 * go on in a new one, and it is evaluated alone for its message.
 */
export async function evaluateHosts(request: EvaluateRequest): Promise<RawFleet> {
  const { hosts, flake, resources, onHost } = request;
  const fleet: RawFleet = { facts: new Map(), errors: new Map(), kernels: new Map() };
  const { batches, workers, batchMiB } = planBatches(Object.keys(hosts), resources);
  const queue = batches.map((names) => ({ names, strict: false }));

  const batch = async ({ names, strict }: { names: string[]; strict: boolean }): Promise<void> => {
    const result = await runBatch({
      ...request,
      flakeRef: flake.flakeRef,
      overrides: flake.overrides,
      hosts: Object.fromEntries(names.map((name) => [name, hosts[name] ?? name])),
      heapMiB: batchMiB,
      strict,
      onHost: strict ? undefined : onHost,
    });
    collect(result);
    // Nothing began: the flake itself fails, and would for each host.
    const nothingBegan = result.failed.length === 0 && result.notReached.length === names.length;
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
    for (const kernel of result.kernels) fleet.kernels.set(kernel.drvPath, kernel);
    for (const [name, missing] of result.missing) {
      fleet.errors.set(name, missingError(name, targetOf(name), flake, missing));
    }
  };
  const fail = (name: string, stderr: string) => {
    const target = targetOf(name);
    const error = evaluationError(name, target.configuration, flake, stderr, builtAttribute(target));
    fleet.errors.set(name, error);
  };
  const targetOf = (name: string) => parseTarget(hosts[name] ?? name);

  // Work may come to the queue until the last batch that runs has ended.
  const running = new Set<Promise<void>>();
  while (queue.length > 0 || running.size > 0) {
    for (let next = queue[0]; next && running.size < workers; next = queue[0]) {
      queue.shift();
      const started: Promise<void> = batch(next).finally(() => running.delete(started));
      running.add(started);
    }
    await Promise.race(running);
  }
  return fleet;
}
