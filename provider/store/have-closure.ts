import { invalidPaths } from '../../lib/store/nix/store.ts';
import type { DeploymentInputs } from '../../schema/deployment.ts';
import type { Context } from '../resource.ts';
import { gcRootPath, isKeptBy } from './gc-root.ts';
import { buildAndKeep } from './store-build.ts';

/** Builds the system where this computer lacks it: another operator's computer built it, or it was garbage-collected. */
export async function haveClosure(
  { host, system, drvPath }: Pick<DeploymentInputs, 'host' | 'system' | 'drvPath'>,
  context: Context,
): Promise<void> {
  const gcRoot = gcRootPath(context.urn, 'system');
  if (!drvPath || (await isKeptBy(gcRoot, system))) return;
  if ((await invalidPaths([system], { signal: context.signal })).size === 0) return;
  await buildAndKeep({ host, drvPath, outPath: system, gcRoot }, context);
}
