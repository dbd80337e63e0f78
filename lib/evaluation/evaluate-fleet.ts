import { FleetError } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { mapValues } from '../base/map-values.ts';
import { type LockedFlake, lockFlake, relockIfWritten } from '../store/nix/flake.ts';
import { requireNix } from '../store/nix/version.ts';
import { condenseFleet } from './condense-fleet.ts';
import { evaluateTargets, noRawFleet } from './evaluate-targets.ts';
import type { CacheKey } from './facts-cache.ts';
import { factsExpression } from './facts-expression.ts';
import { type EvaluatedTargets, FleetCache, merged, type Results } from './fleet-cache.ts';
import { FleetReads } from './fleet-reads.ts';
import { groupErrors } from './group-errors.ts';
import { assertionError } from './host-error.ts';
import { EvaluationProgress } from './progress.ts';
import { usableResources } from './resources.ts';
import { formatTarget, imageKey, outputKey, type Target } from './target.ts';
import type { FleetEvaluation, FleetRequest, HostEvaluation, OutputEvaluation } from './types.ts';

export type { FleetEvaluation, FleetRequest, HostEvaluation, OutputRequest } from './types.ts';

/**
 * Locks a flake once, and evaluates all hosts, images and other outputs of a fleet together. Results come from the cache if the
 * flake, its inputs and the versions did not change. The error of a target that fails (`evaluation-failed`, `assertion-failed`,
 * `flake-invalid`) is returned, and the others are evaluated.
 * @throws FleetError `flake-invalid` if the flake itself cannot be read, `tool-missing` without a supported Nix, `cancelled`
 */
export async function evaluateFleet(
  request: FleetRequest,
): Promise<FleetEvaluation & { outputs: Record<string, OutputEvaluation> }> {
  const { images = {}, outputs = {} } = request;
  const targets = targetsOf(request);
  const [nixVersion, first] = await Promise.all([requireNix(), lockFlake(request)]);
  const { text: expression, version: factsVersion } = factsExpression();
  const versions = { factsVersion, nixVersion };
  const cacheFor = ({ identity, storePath }: LockedFlake) => {
    const keyOf = (target: Target): CacheKey => ({
      flakeIdentity: identity,
      ...versions,
      target: formatTarget(target),
    });
    return new FleetCache(targets, mapValues(targets, keyOf), storePath);
  };

  let flake = first;
  let cache = cacheFor(flake);
  let results = await cache.read();
  let fromCache = missingTargets(targets, results).length === 0;
  let explanation: string | undefined;
  // A tree that is edited during its evaluation would be cached under a wrong key: evaluate again then.
  for (let attempt = 1; missingTargets(targets, results).length > 0; attempt++) {
    const reads = await FleetReads.open(flake, versions);
    if (reads) {
      const unknown = missingTargets(targets, results).map(([name]) => name);
      results = merged(results, await cache.readValid(unknown, reads));
    }
    const missing = missingTargets(targets, results);
    fromCache = missing.length === 0 && attempt === 1;
    const evaluatedTargets = missing.map(([, target]) => formatTarget(target));
    explanation ??= await reads?.explain(evaluatedTargets, Object.keys(targets).length);
    const evaluated = await evaluateMissing(request, flake, expression, missing, reads);
    const after = await relockIfWritten(flake);
    if (after.identity === flake.identity && !evaluated.raw.written) {
      await cache.write(evaluated, reads);
      results = merged(results, evaluated);
      break;
    }
    if (attempt === 3) throw changingError(request.flake);
    flake = after;
    cache = cacheFor(flake);
    results = await cache.read();
  }

  const hostOf = (name: string): HostEvaluation => {
    const host = results.hosts.get(name);
    if (!host) return { ok: false, error: errorOf(results, name) };
    return { ok: true, ...host, kernel: host.kernel?.drvPath };
  };
  const outputOf = (name: string): OutputEvaluation => {
    const output = results.outputs.get(name);
    return output ? { ok: true, ...output } : { ok: false, error: errorOf(results, name) };
  };
  const [evaluatedHosts, evaluatedImages, evaluatedOutputs] = groupErrors(
    mapValues(request.hosts, (_, name) => hostOf(name)),
    mapValues(images, (_, name) => hostOf(imageKey(name))),
    mapValues(outputs, (_, name) => outputOf(outputKey(name))),
  );
  const kernels = [...results.hosts.values()].flatMap(({ kernel }) => kernel ?? []);
  return {
    revision: flake.revision,
    fingerprint: sha256(`${flake.identity} ${factsVersion} ${nixVersion}`),
    inputs: flake.inputs,
    fromCache,
    ...(explanation === undefined ? {} : { explanation }),
    hosts: evaluatedHosts,
    images: evaluatedImages,
    outputs: evaluatedOutputs,
    kernels: Object.fromEntries(kernels.map((kernel) => [kernel.drvPath, kernel])),
  };
}

function targetsOf({ hosts, images = {}, outputs = {} }: FleetRequest): Record<string, Target> {
  return Object.fromEntries<Target>([
    ...Object.entries(hosts).map(([name, configuration]) => [name, { configuration }] as const),
    ...Object.entries(images).map(
      ([name, { configuration, image }]) => [imageKey(name), { configuration, image }] as const,
    ),
    ...Object.entries(outputs).map(
      ([name, { configuration, attribute, host }]) =>
        [outputKey(name), { configuration, output: attribute, label: host }] as const,
    ),
  ]);
}

/** Targets without a result. */
function missingTargets(
  targets: Record<string, Target>,
  { hosts, outputs, errors }: Results,
): [string, Target][] {
  return Object.entries(targets).filter(
    ([name]) => !hosts.has(name) && !outputs.has(name) && !errors.has(name),
  );
}

async function evaluateMissing(
  request: FleetRequest,
  flake: LockedFlake,
  expression: string,
  targets: readonly [string, Target][],
  reads: FleetReads | undefined,
): Promise<EvaluatedTargets> {
  const { signal, onProgress } = request;
  const progress =
    targets.length > 0 && onProgress ? new EvaluationProgress(targets.length, onProgress) : undefined;
  const raw = noRawFleet();
  try {
    for (const part of reads?.parts(targets, ([, target]) => formatTarget(target)) ?? [targets]) {
      await evaluateTargets(
        {
          flake,
          expression,
          tree: reads?.tree,
          targets: Object.fromEntries(part),
          resources: usableResources(request),
          signal,
          onTarget: () => progress?.targetDone(),
          onDerivation: (drvPath) => reads?.search.readAhead(drvPath),
        },
        raw,
      );
    }
    const { hosts, texts } = await condenseFleet(raw);
    const outputs = new Map(
      [...raw.outputs].map(([name, { drvPath, out }]) => [name, { drvPath, outPath: out }]),
    );
    const errors = new Map(raw.errors);
    for (const [name, facts] of raw.facts) {
      if (!facts.toplevel) errors.set(name, assertionError(name, facts.failedAssertions));
    }
    return { hosts, outputs, errors, texts, raw };
  } finally {
    progress?.end();
  }
}

function errorOf({ errors }: Results, name: string): FleetError {
  const error = errors.get(name);
  if (!error) throw new Error(`the evaluation of '${name}' ended with neither facts nor an error`);
  return error;
}

function changingError(flake: string): FleetError {
  return new FleetError({
    code: 'evaluation-failed',
    what: `the flake '${flake}' changed during each evaluation`,
    fix: 'Run again when nothing writes to its folder.',
  });
}
