import { Closures } from '../../lib/evaluation/closure/closures.ts';
import { describeClosure } from '../../lib/evaluation/closure/describe.ts';
import type { FleetEvaluation } from '../../lib/evaluation/types.ts';

/** What changes in the closures of machines whose present system is in this computer's store, as lines by host. */
export async function closureChanges(
  before: FleetEvaluation,
  after: FleetEvaluation,
  signal: AbortSignal,
): Promise<Record<string, string[]>> {
  const changed = Object.entries(after.hosts).flatMap(([host, now]) => {
    const old = before.hosts[host];
    if (!now.ok || !old?.ok || old.outPath === now.outPath) return [];
    return [{ host, old: old.outPath, outPath: now.outPath, drvPath: now.drvPath }];
  });
  const results = await new Closures().compare(changed, signal);
  return Object.fromEntries(
    changed.map(({ host }, index) => {
      const result = results[index];
      if (!result) return [host, ['not compared, as the present system is not built on this computer']];
      return [host, describeClosure(result.change, { work: result.work })];
    }),
  );
}
