import { type ClosureRequest, Closures, correctedChange } from '../../../lib/evaluation/closure/closures.ts';
import { describeClosure } from '../../../lib/evaluation/closure/describe.ts';
import { readClosure } from '../../../lib/machine/read-closure.ts';
import { machineOf } from '../../../lib/machine/ssh/machine-at.ts';
import type { DeploymentInputs, DeploymentState } from '../../../schema/deployment.ts';
import type { Context, Recorded } from '../../resource.ts';
import { Batcher } from '../../store/batch.ts';

/** Longest list of packages in a preview; `npm run preview-summary` prints all. */
const limit = 40;

// Machines have most of their closures in common.
const closures = new Closures();
const comparisons = new Batcher<ClosureRequest, Awaited<ReturnType<Closures['compare']>>[number]>(
  (items, signal) =>
    closures.compare(
      items.map(({ request }) => request),
      signal,
    ),
);

/** What changes in the closure of the live system, and what is left to build, fetch and copy; undefined if it stays. */
export async function explainClosure(
  recorded: Recorded<DeploymentInputs, DeploymentState> | undefined,
  { host, system, drvPath }: DeploymentInputs,
  { signal }: Pick<Context, 'signal'>,
): Promise<string | undefined> {
  const old = recorded?.state.live?.system;
  // A preview does not know all of them.
  const known = [old, system, drvPath].every((each) => typeof each === 'string' && each !== '');
  if (!recorded || !known || !old || !drvPath || old === system) return undefined;
  const readOld = () => readClosure(machineOf(recorded.inputs), old, signal);
  const result = await comparisons.add({ old, outPath: system, drvPath, readOld }, signal);
  if (!result) {
    return `closure of ${host}: not compared, as this computer lacks the live system or the derivation of the new one`;
  }
  return noteOf(host, describeClosure(result.change, { work: result.work, limit, files: false }));
}

/** What differs from the preview, once the new system is built; undefined if the preview was exact or right. */
export async function correctClosure(
  recorded: Recorded<DeploymentInputs, DeploymentState> | undefined,
  { host, system }: DeploymentInputs,
  { signal }: Pick<Context, 'signal'>,
): Promise<string | undefined> {
  const old = recorded?.state.live?.system;
  if (!old || old === system) return undefined;
  const change = await correctedChange(old, system, signal);
  return change && noteOf(host, describeClosure(change, { limit, files: false }));
}

function noteOf(host: string, lines: readonly string[]): string | undefined {
  return lines.length > 0 ? [`closure of ${host}:`, ...lines].join('\n  ') : undefined;
}
