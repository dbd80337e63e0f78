import { sameValue } from '../../base/differences.ts';
import { FleetError } from '../../base/errors.ts';
import { type BuildPlan, planBuild } from '../../store/nix/dry-run.ts';
import { closureOf, type PathInfo, pathInfos } from '../../store/nix/path-info.ts';
import { nixSettings } from '../../store/nix/settings.ts';
import { type ClosureChange, changeBetween } from './change.ts';
import type { PackageChange } from './compare.ts';
import type { Work } from './describe.ts';
import { Derivations, type Graph } from './graph.ts';
import { keepChange, keptChange } from './kept.ts';
import { predictClosure, type SharedPredictions } from './predict.ts';

type Infos = ReadonlyMap<string, PathInfo>;

export interface ClosureRequest {
  /** The system that runs. */
  old: string;
  /** The new system, and its derivation. */
  outPath: string;
  drvPath: string;
  /** Reads the closure of the old system where this computer's store does not have it. */
  readOld?: (() => Promise<Infos | undefined>) | undefined;
}

export interface ClosureResult {
  change: ClosureChange;
  /** Undefined if the new system is built, or if Nix could not tell it. */
  work?: Work | undefined;
}

/** Longest time that a cache has for an answer, in seconds. */
const cacheSeconds = 20;

/** A request whose new system is to be built. */
interface Unbuilt {
  request: ClosureRequest;
  /** The old closure. */
  closure: Infos;
  graph: Graph;
  oldGraph: Graph | undefined;
}

/** Compares closures of live systems with those of systems that are not built yet. What systems have in common is read once. */
export class Closures {
  readonly #derivations = new Derivations();
  /** Paths of this computer's store and of caches; undefined for those that neither has. */
  readonly #known = new Map<string, PathInfo | undefined>();
  readonly #shared: SharedPredictions = new Map();

  /** The change of each request; undefined where the old closure or the new derivation is not known. */
  async compare(
    requests: readonly ClosureRequest[],
    signal?: AbortSignal,
  ): Promise<(ClosureResult | undefined)[]> {
    const built = await builtClosures(requests, signal);
    const prepared = await Promise.all(
      requests.map(async (request) => {
        const closure = built(request.old) ?? (await request.readOld?.());
        const desired = built(request.outPath);
        if (!closure || desired) return closure && desired && { change: changeBetween(closure, desired) };
        return await this.#prepare(request, closure);
      }),
    );
    const unbuilt = prepared.filter((each) => each !== undefined && 'graph' in each);
    const [plan] = await Promise.all([
      planBuild([...new Set(unbuilt.map(({ request }) => request.drvPath))], signal),
      this.#askStore(unbuilt, signal),
    ]);
    const downloads = await this.#askCaches([...(plan?.fetches ?? [])], signal);
    const results = prepared.map((each) => {
      if (!each || !('graph' in each)) return each;
      return { change: this.#predict(each), work: plan && workOf(each.graph, plan, downloads) };
    });
    await Promise.all(
      results.map(async (result, index) => {
        const request = requests[index];
        if (result && request) await keepChange(request.old, request.outPath, result.change);
      }),
    );
    return results;
  }

  async #prepare(request: ClosureRequest, closure: Infos): Promise<Unbuilt | undefined> {
    const graph = await this.#derivations.graph(request.drvPath);
    if (!graph?.builders.has(request.outPath)) return undefined;
    const deriver = closure.get(request.old)?.deriver;
    const oldGraph = deriver === undefined ? undefined : await this.#derivations.graph(deriver);
    return { request, closure, graph, oldGraph };
  }

  /** Reads what this computer's store has of the builds. */
  async #askStore(unbuilt: readonly Unbuilt[], signal?: AbortSignal): Promise<void> {
    const wanted = new Set<string>();
    for (const { graph, oldGraph } of unbuilt) {
      for (const { nodes, builders } of [graph, ...(oldGraph ? [oldGraph] : [])]) {
        for (const path of builders.keys()) wanted.add(path);
        for (const { sources } of nodes.values()) for (const source of sources) wanted.add(source);
      }
    }
    const missing = [...wanted].filter((path) => !this.#known.has(path));
    const found = await pathInfos({ paths: missing, signal });
    for (const path of missing) this.#known.set(path, found.get(path));
  }

  /** Reads what the caches have of paths that are to be fetched; returns the sizes of the downloads. */
  async #askCaches(paths: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const downloads = new Map<string, number>();
    if (paths.length === 0) return downloads;
    const { substituters } = await nixSettings();
    const offers = await Promise.all(substituters.map((uri) => askCache(uri, paths, signal)));
    for (const [path, info] of offers.flatMap((offer) => [...offer])) {
      if (!this.#known.get(path)) this.#known.set(path, info);
      if (info.downloadSize !== undefined) downloads.set(path, info.downloadSize);
    }
    return downloads;
  }

  #predict({ request, closure, graph, oldGraph }: Unbuilt): ClosureChange {
    const { old, outPath } = request;
    const known = { get: (path: string) => this.#known.get(path) };
    return changeBetween(
      closure,
      predictClosure({
        outPath,
        graph,
        known,
        old: { path: old, closure, graph: oldGraph },
        shared: this.#shared,
      }),
      { vague: oldGraph === undefined },
    );
  }
}

/**
 * The change by the closures of two built systems, where another one was expected before, or one only probable; undefined if one of
 * them is not in this computer's store.
 */
export async function correctedChange(
  old: string,
  desired: string,
  signal?: AbortSignal,
): Promise<ClosureChange | undefined> {
  const expected = keptChange(old, desired);
  if (!expected || expected.exact) return undefined;
  const built = await builtClosures([{ old, outPath: desired }], signal);
  const [before, after] = [built(old), built(desired)];
  if (!before || !after) return undefined;
  const change = changeBetween(before, after);
  await keepChange(old, desired, change);
  const asExpected = sameValue(
    expected.packages.map(withoutCertainty),
    change.packages.map(withoutCertainty),
  );
  return asExpected && expected.packages.every(({ certainty }) => certainty !== 'probable')
    ? undefined
    : change;
}

function withoutCertainty({ certainty: _, ...rest }: PackageChange): Omit<PackageChange, 'certainty'> {
  return rest;
}

/** The closures of the systems that are in this computer's store. */
async function builtClosures(
  requests: readonly Pick<ClosureRequest, 'old' | 'outPath'>[],
  signal?: AbortSignal,
): Promise<(path: string) => Infos | undefined> {
  const paths = [...new Set(requests.flatMap(({ old, outPath }) => [old, outPath]))].filter(Boolean);
  const valid = await pathInfos({ paths, signal });
  const infos = await pathInfos({ paths: [...valid.keys()], recursive: true, signal });
  return (path) =>
    valid.has(path)
      ? new Map(closureOf(path, infos).map((each) => [each, infos.get(each) as PathInfo]))
      : undefined;
}

/** What a cache has of paths; nothing if it does not answer. */
async function askCache(uri: string, paths: readonly string[], signal?: AbortSignal): Promise<Infos> {
  try {
    return await pathInfos({ store: { uri }, paths, signal, timeoutSeconds: cacheSeconds });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof FleetError) return new Map();
    throw error;
  }
}

function workOf(
  { nodes, builders }: Graph,
  { builds, fetches }: BuildPlan,
  downloads: ReadonlyMap<string, number>,
): Work {
  const own = [...fetches].filter((path) => builders.has(path));
  const sizes = own.map((path) => downloads.get(path));
  return {
    builds: [...builds].filter((drvPath) => nodes.has(drvPath)).length,
    fetches: own.length,
    download: sizes.every((size) => size !== undefined)
      ? sizes.reduce((sum, size) => sum + size, 0)
      : undefined,
  };
}
