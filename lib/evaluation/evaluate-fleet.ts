import { FleetError } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { mapValues } from '../base/map-values.ts';
import { type LockedFlake, lockFlake, relockIfWritten } from '../store/nix/flake.ts';
import { requireNix } from '../store/nix/version.ts';
import { condenseFleet } from './condense-fleet.ts';
import { evaluateTargets } from './evaluate-targets.ts';
import { type CachedHost, type CachedOutput, type CacheKey, FactsCache } from './facts-cache.ts';
import { factsExpression } from './facts-expression.ts';
import { groupErrors } from './group-errors.ts';
import { assertionError } from './host-error.ts';
import { EvaluationProgress } from './progress.ts';
import { pruneCache } from './prune.ts';
import { usableResources } from './resources.ts';
import { formatTarget, imageKey, outputKey, type Target } from './target.ts';
import { keepTexts } from './texts.ts';
import type { FleetEvaluation, FleetRequest, HostEvaluation, OutputEvaluation } from './types.ts';

export type { FleetEvaluation, FleetRequest, HostEvaluation, OutputRequest } from './types.ts';

/** Results by the names of the targets. */
interface Results {
  hosts: Map<string, CachedHost>;
  outputs: Map<string, CachedOutput>;
  errors: Map<string, FleetError>;
}

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
  const keysFor = (flake: LockedFlake) =>
    mapValues(
      targets,
      (target): CacheKey => ({
        flakeIdentity: flake.identity,
        factsVersion,
        nixVersion,
        target: formatTarget(target),
      }),
    );
  const cache = new FactsCache();

  let flake = first;
  let keys = keysFor(flake);
  let results = await readCache(cache, targets, keys);
  const fromCache = missingTargets(targets, results).length === 0;
  // A tree that is edited during its evaluation would be cached under a wrong key: evaluate again then.
  for (let attempt = 1; missingTargets(targets, results).length > 0; attempt++) {
    const evaluated = await evaluateMissing(request, flake, expression, missingTargets(targets, results));
    const after = await relockIfWritten(flake);
    if (after.identity === flake.identity) {
      await writeCache(cache, keys, evaluated);
      results = merged(results, evaluated);
      break;
    }
    if (attempt === 3) throw changingError(request.flake);
    flake = after;
    keys = keysFor(flake);
    results = await readCache(cache, targets, keys);
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

async function readCache(
  cache: FactsCache,
  targets: Record<string, Target>,
  keys: Record<string, CacheKey>,
): Promise<Results> {
  const results: Results = { hosts: new Map(), outputs: new Map(), errors: new Map() };
  await Promise.all(
    Object.entries(keys).map(async ([name, key]) => {
      if (targets[name]?.output) {
        const output = await cache.getOutput(key);
        if (output) results.outputs.set(name, output);
      } else {
        const host = await cache.get(key);
        if (host) results.hosts.set(name, host);
      }
    }),
  );
  return results;
}

interface Evaluated extends Results {
  texts: ReadonlyMap<string, string>;
}

async function evaluateMissing(
  request: FleetRequest,
  flake: LockedFlake,
  expression: string,
  targets: readonly [string, Target][],
): Promise<Evaluated> {
  const { signal, onProgress } = request;
  const progress = onProgress && new EvaluationProgress(targets.length, onProgress);
  try {
    const raw = await evaluateTargets({
      flake,
      expression,
      targets: Object.fromEntries(targets),
      resources: usableResources(request),
      signal,
      onTarget: () => progress?.targetDone(),
    });
    const { hosts, texts } = await condenseFleet(raw);
    const outputs = new Map(
      [...raw.outputs].map(([name, { drvPath, out }]) => [name, { drvPath, outPath: out }]),
    );
    const errors = new Map(raw.errors);
    for (const [name, facts] of raw.facts) {
      if (!facts.toplevel) errors.set(name, assertionError(name, facts.failedAssertions));
    }
    return { hosts, outputs, errors, texts };
  } finally {
    progress?.end();
  }
}

/** Ignores errors: a cache that cannot be written only makes the next run slower. */
async function writeCache(
  cache: FactsCache,
  keys: Record<string, CacheKey>,
  { hosts, outputs, texts }: Evaluated,
): Promise<void> {
  const put = <Value>(
    values: ReadonlyMap<string, Value>,
    write: (key: CacheKey, value: Value) => Promise<void>,
  ) =>
    [...values].map(async ([name, value]) => {
      const key = keys[name];
      if (key) await write(key, value);
    });
  await Promise.allSettled([
    keepTexts(texts),
    ...put(hosts, (key, host) => cache.put(key, host)),
    ...put(outputs, (key, output) => cache.putOutput(key, output)),
  ]);
  await pruneCache();
}

function merged(cached: Results, evaluated: Results): Results {
  return {
    hosts: new Map([...cached.hosts, ...evaluated.hosts]),
    outputs: new Map([...cached.outputs, ...evaluated.outputs]),
    errors: evaluated.errors,
  };
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
