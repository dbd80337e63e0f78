import type { Builders } from '../../../schema/builder.ts';
import { counted } from '../../base/text.ts';
import { type BuildRequest, type BuildResult, buildDerivations } from '../nix/build.ts';
import type { OnNixProgress } from '../nix/log-json.ts';
import { storeName } from '../nix/nix.ts';
import { nixSettings } from '../nix/settings.ts';
import { invalidPaths } from '../nix/store.ts';
import { nixSshEnvironment } from '../nix-environment.ts';
import { buildSettings } from './build-settings.ts';
import { findUsable, limits } from './find-usable.ts';
import { builderUri } from './machine-line.ts';

export interface BuildOnBuildersOptions {
  builders: Builders;
  signal: AbortSignal;
  onProgress?: OnNixProgress;
  /** Called with each log line of a build. */
  onBuildLine?: (drvPath: string, line: string) => void;
  /** Called for each builder that is left out, with the reason. */
  onWarning?: (message: string) => void;
  /** Called once at the end with what each builder built; not if everything was built here. */
  onSummary?: (message: string) => void;
}

/** Builders that this process found unusable, as JSON: they are not tried again. */
const unusableBuilders = new Set<string>();

/**
 * Builds like `buildDerivations`, with the help of builders. A builder that does not answer within seconds is left out with a
 * warning. If one stops answering during the build, the failed derivations are built a second time without it.
 */
export async function buildOnBuilders(
  requests: readonly BuildRequest[],
  options: BuildOnBuildersOptions,
): Promise<Map<string, BuildResult>> {
  const { signal, onProgress, onBuildLine } = options;
  const missing =
    Object.keys(options.builders).length === 0
      ? new Set()
      : await invalidPaths([...new Set(requests.map(({ outPath }) => outPath))], { signal });
  if (missing.size === 0) return await buildDerivations(requests, { signal, onProgress, onBuildLine });

  const builtOn = new Map<string, string | undefined>();
  let usable = await usableBuilders(options.builders, options);
  const results = await attempt(requests, usable, builtOn, options);
  const failed = requests.filter(({ drvPath }) => isFailed(results.get(drvPath)));
  if (failed.length > 0 && builtOn.size > 0) {
    const before = Object.keys(usable).length;
    usable = await usableBuilders(usable, options);
    if (Object.keys(usable).length < before) {
      for (const [drvPath, result] of await attempt(failed, usable, builtOn, options))
        results.set(drvPath, result);
    }
  }
  const summary = summaryOf(builtOn, options.builders);
  if (summary) options.onSummary?.(summary);
  return results;
}

function isFailed(result: BuildResult | undefined): boolean {
  return result !== undefined && !result.ok && result.error.code === 'build-failed';
}

async function attempt(
  requests: readonly BuildRequest[],
  builders: Builders,
  builtOn: Map<string, string | undefined>,
  { signal, onProgress, onBuildLine }: BuildOnBuildersOptions,
): Promise<Map<string, BuildResult>> {
  return await buildDerivations(requests, {
    signal,
    onProgress,
    onBuildLine,
    onBuild: (drvPath, machine) => builtOn.set(drvPath, machine),
    settings: buildSettings(builders, await nixSettings()),
    env: nixSshEnvironment(limits.connectSeconds),
  });
}

async function usableBuilders(
  builders: Builders,
  { signal, onWarning }: Pick<BuildOnBuildersOptions, 'signal' | 'onWarning'>,
): Promise<Builders> {
  const untried = Object.fromEntries(
    Object.entries(builders).filter(([, builder]) => !unusableBuilders.has(JSON.stringify(builder))),
  );
  const { usable, unusable } = await findUsable(untried, signal);
  for (const [name, why] of Object.entries(unusable)) {
    unusableBuilders.add(JSON.stringify(builders[name]));
    onWarning?.(`the builder ${name} is left out: ${why}`);
  }
  return usable;
}

/** Derivations that a summary names for each builder. */
const mostNames = 5;

/** 'built on big: 12 derivations (linux-6.18.37, …); here: 3'; undefined if everything was built here. */
export function summaryOf(
  builtOn: ReadonlyMap<string, string | undefined>,
  builders: Builders,
): string | undefined {
  const names = new Map(Object.entries(builders).map(([name, builder]) => [builderUri(builder), name]));
  const byMachine = new Map<string, string[]>();
  let here = 0;
  for (const [drvPath, machine] of builtOn) {
    if (machine === undefined) {
      here++;
      continue;
    }
    const name = names.get(machine) ?? machine;
    byMachine.set(name, [...(byMachine.get(name) ?? []), storeName(drvPath)]);
  }
  if (byMachine.size === 0) return undefined;
  const parts = [...byMachine].sort().map(([name, built]) => {
    const shown = built.slice(-mostNames).reverse();
    const more = built.length > shown.length ? ', …' : '';
    return `${name}: ${counted(built.length, 'derivation')} (${shown.join(', ')}${more})`;
  });
  return `built on ${[...parts, ...(here > 0 ? [`here: ${here}`] : [])].join('; ')}`;
}
