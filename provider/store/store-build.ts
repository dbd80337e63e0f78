import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FleetError } from '../../lib/base/errors.ts';
import { CompileProgress } from '../../lib/kernel/compile-progress.ts';
import { buildOnBuilders } from '../../lib/store/builders/build.ts';
import type { BuildRequest } from '../../lib/store/nix/build.ts';
import { buildingText } from '../../lib/store/nix/log-json.ts';
import { parseBuilders } from '../../schema/builder.ts';
import type { Context } from '../resource.ts';
import { Batcher, type BatchItem } from './batch.ts';

interface Wanted extends BuildRequest {
  /** Builders that may build it, as the resource's inputs give them. */
  builders?: string | undefined;
}

interface Job extends Wanted {
  status(message: string): void;
  log: Context['log'];
}

// A nix process for each kind: no system waits for an image or for another machine's kernel, which may take long.
const systems = new Batcher(buildAll);
const images = new Batcher(buildAll);
const kernels = new Batcher(buildAll);

/**
 * Builds a derivation that was evaluated before, and keeps its output by a gcroot. Requests of other resources at
 * the same time are built by the same nix process; a failure concerns only those whose derivation it is.
 */
export async function buildAndKeep(request: Wanted, context: Context, builds = systems): Promise<void> {
  if (request.drvPath === '') {
    throw new FleetError({
      code: 'build-failed',
      what: `cannot build ${request.outPath}`,
      host: request.host,
      why: 'its derivation is not known: it was imported, not evaluated',
      fix: 'Evaluate it from the flake: the components do so.',
    });
  }
  await mkdir(dirname(request.gcRoot), { recursive: true });
  const failure = await builds.add({ ...request, status: context.status, log: context.log }, context.signal);
  if (failure) throw failure;
}

/** The same for an image. */
export async function buildImage(request: Wanted, context: Context): Promise<void> {
  await buildAndKeep(request, context, images);
}

/** The same for a kernel. */
export async function buildKernel(request: Wanted, context: Context): Promise<void> {
  await buildAndKeep(request, context, kernels);
}

async function buildAll(
  items: readonly BatchItem<Job>[],
  signal: AbortSignal,
): Promise<(FleetError | undefined)[]> {
  const jobs = items.map((item) => item.request);
  const wanted = new Set(jobs.map(({ drvPath }) => drvPath));
  // Most of what is built are dependencies, which belong to all.
  const concerns = (drvPath: string, job: Job) => job.drvPath === drvPath || !wanted.has(drvPath);
  const compiling = new CompileProgress((drvPath, message) => {
    for (const job of jobs) if (concerns(drvPath, job)) job.status(message);
  });
  const results = await buildOnBuilders(
    jobs.map(({ drvPath, outPath, gcRoot, host }) => ({ drvPath, outPath, gcRoot, host })),
    {
      // All of a stack's resources have the same.
      builders: Object.assign({}, ...jobs.map((job) => parseBuilders(job.builders))),
      signal,
      onWarning: (message) => jobs[0]?.log('warning', message),
      onSummary: (message) => jobs[0]?.log('info', message),
      onProgress: (message, building) => {
        for (const job of jobs) {
          const builds = building?.builds.filter(({ drvPath }) => concerns(drvPath, job));
          if (!building || !builds) job.status(message);
          else if (builds.length > 0) job.status(buildingText(building.count, builds));
        }
      },
      onBuildLine: (drvPath, line) => compiling.line(drvPath, line),
    },
  );
  await compiling.end((drvPath) => results.get(drvPath)?.ok === true);
  return jobs.map((job) => {
    const result = results.get(job.drvPath);
    if (result?.ok) return undefined;
    return (
      result?.error ??
      new FleetError({
        code: 'build-failed',
        what: `nothing is known of the build of ${job.drvPath}`,
        host: job.host,
        fix: `Build it by hand to see more: nix build '${job.drvPath}^*'`,
      })
    );
  });
}
