import { FleetError } from '../../base/errors.ts';
import { describeBuildFailure, type Failure, failuresOf } from './build-failure.ts';
import { NixLog, type OnNixProgress } from './log-json.ts';
import { nix } from './nix.ts';
import { addRoot, moveRoots, type Root } from './roots.ts';
import { invalidPaths, requisites } from './store.ts';

export interface BuildRequest {
  /** The derivation, as evaluated. */
  drvPath: string;
  /** Its main output. */
  outPath: string;
  /** Link that protects the output from garbage collection; its parent folders are created. */
  gcRoot: string;
  /** Machine that an error names. */
  host?: string;
}

export interface BuildOptions {
  signal: AbortSignal;
  /** A line for a status display; `drvPath` is the derivation being built, which may be a dependency. */
  onProgress?: OnNixProgress;
  /** Called when a build begins, with the machine's store URI (`ssh-ng://…`); undefined on this computer. */
  onBuild?: (drvPath: string, machine: string | undefined) => void;
  /** Called with each log line of a build. */
  onBuildLine?: (drvPath: string, line: string) => void;
  /** Nix settings for this build. */
  settings?: Readonly<Record<string, string>>;
  /** Added to nix's environment. */
  env?: Record<string, string>;
}

export type BuildResult = { ok: true } | { ok: false; error: FleetError };

/**
 * Builds derivations in one nix process, and adds a garbage collector root for each output, also for those that exist already.
 * The other derivations are built when one fails.
 *
 * Failures are returned, not thrown: `build-failed` or `no-room` names the derivation that failed (possibly a dependency), its
 * last log lines and the command that shows all of it; after an abort it is `cancelled`.
 */
export async function buildDerivations(
  requests: readonly BuildRequest[],
  { signal, onProgress, onBuild, onBuildLine, settings = {}, env }: BuildOptions,
): Promise<Map<string, BuildResult>> {
  const results = new Map<string, BuildResult>();
  try {
    const missing = await invalidPaths(outPaths(requests), { signal });
    const toBuild = requests.filter((request) => missing.has(request.outPath));
    if (toBuild.length > 0) {
      const log = new NixLog({ onProgress, onBuild, onBuildLine });
      const options = Object.entries(settings).flatMap(([name, value]) => ['--option', name, value]);
      const installables = unique(toBuild.map((request) => `${request.drvPath}^out`));
      const { exitCode } = await nix(
        ['build', '--keep-going', '--no-link', '--log-format', 'internal-json', ...options, ...installables],
        { signal, env, onStderrLine: (line) => log.line(line) },
      );
      if (exitCode !== 0) await attributeFailures(toBuild, log, results, signal);
    }
    const built = requests.filter((request) => !results.has(request.drvPath));
    const moved = await moveRoots(built.map(rootOf), { signal });
    await Promise.all(
      built.map(async (request) => {
        const isKept = moved.has(request.gcRoot);
        results.set(request.drvPath, isKept ? { ok: true } : await protectOutput(request, signal));
      }),
    );
  } catch (error) {
    for (const request of requests) {
      if (!results.has(request.drvPath))
        results.set(request.drvPath, { ok: false, error: buildError(request, error) });
    }
  }
  return results;
}

async function attributeFailures(
  requests: readonly BuildRequest[],
  log: NixLog,
  results: Map<string, BuildResult>,
  signal: AbortSignal,
): Promise<void> {
  const stillMissing = await invalidPaths(outPaths(requests), { signal });
  const failures = failuresOf(log.errors);
  for (const request of requests) {
    if (!stillMissing.has(request.outPath)) continue;
    const own = await failuresBehind(request.drvPath, failures, signal);
    const error = describeBuildFailure(request, own, log);
    results.set(request.drvPath, { ok: false, error });
  }
}

/** The failures of derivations that a derivation depends on. */
async function failuresBehind(drvPath: string, failures: Failure[], signal: AbortSignal): Promise<Failure[]> {
  if (failures.length === 0) return [];
  if (failures.length === 1 && failures[0]?.drvPath === drvPath) return failures;
  // A derivation that is not in the store has no closure; its own failure is the reason.
  const needed = await requisites([drvPath], { signal }).catch(() => new Set([drvPath]));
  return failures.filter((failure) => needed.has(failure.drvPath));
}

async function protectOutput(request: BuildRequest, signal: AbortSignal): Promise<BuildResult> {
  try {
    await addRoot(rootOf(request), { signal });
    return { ok: true };
  } catch (error) {
    return { ok: false, error: buildError(request, error) };
  }
}

function buildError(request: BuildRequest, error: unknown): FleetError {
  if (!(error instanceof FleetError)) throw error;
  const isCancelled = error.code === 'cancelled';
  return new FleetError({
    code: error.code === 'command-failed' ? 'build-failed' : error.code,
    what: isCancelled ? 'the build was cancelled' : 'cannot build the system',
    host: request.host,
    // Of a cancelled nix it would be the end of its log.
    why: isCancelled ? undefined : (error.why ?? error.message),
    fix: error.fix,
    cause: error,
  });
}

function rootOf({ gcRoot, outPath }: BuildRequest): Root {
  return { link: gcRoot, path: outPath };
}

function outPaths(requests: readonly BuildRequest[]): string[] {
  return unique(requests.map((request) => request.outPath));
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}
