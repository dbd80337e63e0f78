import { createHash } from 'node:crypto';
import { FleetError } from '../base/errors.ts';
import { flakeMetadata } from '../store/nix/flake.ts';
import { requireNix } from '../store/nix/version.ts';
import { condenseFleet } from './condense-fleet.ts';
import { evaluateHosts } from './evaluate-hosts.ts';
import { type CachedHost, type CacheKey, FactsCache } from './facts-cache.ts';
import { assertionError } from './host-error.ts';
import { formatTarget, imageKey } from './image-target.ts';
import { factsExpression } from './package-files.ts';
import { EvaluationProgress } from './progress.ts';
import { pruneCache } from './prune.ts';
import { usableResources } from './resources.ts';
import { keepTexts } from './texts.ts';
import type { FleetEvaluation, FleetRequest, HostEvaluation } from './types.ts';

export type { FleetEvaluation, FleetRequest, HostEvaluation } from './types.ts';

/**
 * Evaluates all hosts and images of a fleet, once, to facts; those whose flake, inputs and versions did not change come from the
 * cache. A host that fails is an entry of the answer (`evaluation-failed`, `assertion-failed`, `flake-invalid`), and
 * the others go on.
 *
 * Throws `flake-invalid` where the flake itself cannot be read, `tool-missing` without a new enough Nix, and
 * `cancelled`.
 */
export async function evaluateFleet(request: FleetRequest): Promise<FleetEvaluation> {
  const { signal, onProgress, images = {} } = request;
  const targets: Record<string, string> = {
    ...request.hosts,
    ...Object.fromEntries(
      Object.entries(images).map(([name, target]) => [imageKey(name), formatTarget(target)]),
    ),
  };
  const [nixVersion, first] = await Promise.all([requireNix(), flakeMetadata(request)]);
  const { text: expression, version: factsVersion } = factsExpression();
  const cache = new FactsCache();
  const found = new Map<string, CachedHost>();
  const errors = new Map<string, FleetError>();
  let flake = first;
  let evaluated = false;

  // A tree that is edited while it is evaluated would be recorded under a wrong name: look again after it.
  for (let attempt = 1; ; attempt++) {
    const keyOf = (name: string): CacheKey => ({
      flakeIdentity: flake.identity,
      factsVersion,
      nixVersion,
      configuration: targets[name] ?? name,
    });
    found.clear();
    errors.clear();
    await Promise.all(
      Object.keys(targets).map(async (name) => {
        const host = await cache.get(keyOf(name));
        if (host) found.set(name, host);
      }),
    );
    const wanted = Object.entries(targets).filter(([name]) => !found.has(name));
    if (wanted.length === 0) break;
    evaluated = true;
    const progress = onProgress && new EvaluationProgress(wanted.length, onProgress);
    try {
      const fleet = await evaluateHosts({
        flake,
        expression,
        hosts: Object.fromEntries(wanted),
        resources: usableResources(request),
        signal,
        onHost: () => progress?.hostDone(),
      });
      const [after, condensed] = await Promise.all([flakeMetadata(request), condenseFleet(fleet)]);
      if (after.identity !== flake.identity) {
        if (attempt < 3) {
          flake = after;
          continue;
        }
        throw changingError(request.flake);
      }
      for (const [name, error] of fleet.errors) errors.set(name, error);
      for (const [name, raw] of fleet.facts) {
        if (!raw.toplevel) errors.set(name, assertionError(name, raw.failedAssertions));
      }
      for (const [name, host] of condensed.hosts) found.set(name, host);
      // A cache that cannot be written makes the next run slower, and no more.
      await Promise.allSettled([
        keepTexts(condensed.texts),
        ...[...condensed.hosts].map(([name, host]) => cache.put(keyOf(name), host)),
      ]);
      await pruneCache();
    } finally {
      progress?.end();
    }
    break;
  }

  const evaluationOf = (name: string): HostEvaluation => {
    const host = found.get(name);
    const error = errors.get(name);
    if (host) {
      const { kernel, ...rest } = host;
      return { ok: true, ...rest, ...(kernel ? { kernel: kernel.drvPath } : {}) };
    }
    if (error) return { ok: false, error };
    throw new Error(`the evaluation of '${name}' ended with neither facts nor an error`);
  };
  return {
    revision: flake.revision,
    fingerprint: createHash('sha256').update(`${flake.identity} ${factsVersion} ${nixVersion}`).digest('hex'),
    inputs: flake.inputs,
    fromCache: !evaluated,
    hosts: Object.fromEntries(Object.keys(request.hosts).map((name) => [name, evaluationOf(name)])),
    images: Object.fromEntries(Object.keys(images).map((name) => [name, evaluationOf(imageKey(name))])),
    kernels: Object.fromEntries(
      [...found.values()].flatMap(({ kernel }) => (kernel ? [[kernel.drvPath, kernel]] : [])),
    ),
  };
}

function changingError(flake: string): FleetError {
  return new FleetError({
    code: 'evaluation-failed',
    what: `the flake '${flake}' changed each time while it was evaluated`,
    fix: 'Run again when nothing writes to its folder any more.',
  });
}
