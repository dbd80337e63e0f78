import { FleetError } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { mapValues } from '../base/map-values.ts';
import { type LockedFlake, lockFlake, relockIfWritten } from '../store/nix/flake.ts';
import { requireNix } from '../store/nix/version.ts';
import { condenseFleet } from './condense-fleet.ts';
import { evaluateTargets } from './evaluate-targets.ts';
import { type CachedHost, type CachedOutput, type CacheKey, FactsCache } from './facts-cache.ts';
import { assertionError } from './host-error.ts';
import { factsExpression } from './package-files.ts';
import { EvaluationProgress } from './progress.ts';
import { pruneCache } from './prune.ts';
import { usableResources } from './resources.ts';
import { formatTarget, imageKey, outputKey, type Target } from './target.ts';
import { keepTexts } from './texts.ts';
import type { FleetEvaluation, FleetRequest, HostEvaluation, OutputEvaluation } from './types.ts';

export type { FleetEvaluation, FleetRequest, HostEvaluation, OutputRequest } from './types.ts';

/** What is known of the targets, by their names. */
interface Found {
  hosts: Map<string, CachedHost>;
  outputs: Map<string, CachedOutput>;
  errors: Map<string, FleetError>;
}

/**
 * Locks a flake once and evaluates all hosts, images and other outputs of a fleet together; those whose flake, inputs and
 * versions did not change come from the cache. One that fails is an entry of the answer (`evaluation-failed`,
 * `assertion-failed`, `flake-invalid`), and the others go on.
 *
 * Throws `flake-invalid` where the flake itself cannot be read, `tool-missing` without a new enough Nix, and
 * `cancelled`.
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
  let found = await readCache(cache, targets, keys);
  const fromCache = wantedOf(targets, found).length === 0;
  // A tree that is edited while it is evaluated would be recorded under a wrong name: look again after it.
  for (let attempt = 1; wantedOf(targets, found).length > 0; attempt++) {
    const evaluated = await evaluateWanted(request, flake, expression, wantedOf(targets, found));
    const after = await relockIfWritten(flake);
    if (after.identity === flake.identity) {
      await keep(cache, keys, evaluated);
      found = merged(found, evaluated);
      break;
    }
    if (attempt === 3) throw changingError(request.flake);
    flake = after;
    keys = keysFor(flake);
    found = await readCache(cache, targets, keys);
  }

  const hostOf = (name: string): HostEvaluation => {
    const host = found.hosts.get(name);
    if (!host) return { ok: false, error: errorOf(found, name) };
    return { ok: true, ...host, kernel: host.kernel?.drvPath };
  };
  const outputOf = (name: string): OutputEvaluation => {
    const output = found.outputs.get(name);
    return output ? { ok: true, ...output } : { ok: false, error: errorOf(found, name) };
  };
  const kernels = [...found.hosts.values()].flatMap(({ kernel }) => kernel ?? []);
  return {
    revision: flake.revision,
    fingerprint: sha256(`${flake.identity} ${factsVersion} ${nixVersion}`),
    inputs: flake.inputs,
    fromCache,
    hosts: mapValues(request.hosts, (_, name) => hostOf(name)),
    images: mapValues(images, (_, name) => hostOf(imageKey(name))),
    outputs: mapValues(outputs, (_, name) => outputOf(outputKey(name))),
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

function wantedOf(targets: Record<string, Target>, { hosts, outputs, errors }: Found): [string, Target][] {
  return Object.entries(targets).filter(
    ([name]) => !hosts.has(name) && !outputs.has(name) && !errors.has(name),
  );
}

async function readCache(
  cache: FactsCache,
  targets: Record<string, Target>,
  keys: Record<string, CacheKey>,
): Promise<Found> {
  const found: Found = { hosts: new Map(), outputs: new Map(), errors: new Map() };
  await Promise.all(
    Object.entries(keys).map(async ([name, key]) => {
      if (targets[name]?.output) {
        const output = await cache.getOutput(key);
        if (output) found.outputs.set(name, output);
      } else {
        const host = await cache.get(key);
        if (host) found.hosts.set(name, host);
      }
    }),
  );
  return found;
}

interface Evaluated extends Found {
  texts: ReadonlyMap<string, string>;
}

async function evaluateWanted(
  request: FleetRequest,
  flake: LockedFlake,
  expression: string,
  wanted: readonly [string, Target][],
): Promise<Evaluated> {
  const { signal, onProgress } = request;
  const progress = onProgress && new EvaluationProgress(wanted.length, onProgress);
  try {
    const raw = await evaluateTargets({
      flake,
      expression,
      targets: Object.fromEntries(wanted),
      resources: usableResources(request),
      signal,
      onTarget: () => progress?.hostDone(),
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

/** A cache that cannot be written makes the next run slower, and no more. */
async function keep(
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

function merged(one: Found, other: Found): Found {
  return {
    hosts: new Map([...one.hosts, ...other.hosts]),
    outputs: new Map([...one.outputs, ...other.outputs]),
    errors: other.errors,
  };
}

function errorOf({ errors }: Found, name: string): FleetError {
  const error = errors.get(name);
  if (!error) throw new Error(`the evaluation of '${name}' ended with neither facts nor an error`);
  return error;
}

function changingError(flake: string): FleetError {
  return new FleetError({
    code: 'evaluation-failed',
    what: `the flake '${flake}' changed each time while it was evaluated`,
    fix: 'Run again when nothing writes to its folder any more.',
  });
}
