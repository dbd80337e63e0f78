import { formatSize } from '../lib/base/bytes.ts';
import { FleetError } from '../lib/base/errors.ts';
import { counted } from '../lib/base/text.ts';
import type { LiveResult } from '../lib/machine/check-live.ts';
import type { Note } from '../lib/store/caches/cache-notes.ts';
import {
  type Collected,
  type KeptMachine,
  previewCollection,
} from '../lib/store/caches/retention/collect.ts';
import { folderOf } from '../lib/store/caches/retention/folder.ts';
import type { CacheConfig } from '../schema/cache-config.ts';
import type { FleetEvaluation } from '../schema/evaluation.ts';

export interface RetentionRequest {
  project: string;
  stack: string;
  caches: Readonly<Record<string, CacheConfig>>;
  evaluation: FleetEvaluation;
  live?: Readonly<Record<string, LiveResult>> | undefined;
}

/** Notes of what an `up` would remove from the stack's caches in local folders. Changes nothing; a failure becomes a warning. */
export async function retentionNotes(request: RetentionRequest): Promise<Note[]> {
  const { project, stack, caches } = request;
  const machines = machinesOf(request);
  const now = new Date();
  const notes = Object.entries(caches).map(async ([name, { store, keep }]): Promise<Note[]> => {
    const folder = folderOf(store);
    if (!folder || !keep) return [];
    try {
      const found = await previewCollection({ folder, project, stack, keep, machines, now });
      return retentionNote(name, found, now);
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      return [{ severity: 'warning', text: `cannot collect garbage in the cache ${name}: ${error.message}` }];
    }
  });
  return (await Promise.all(notes)).flat();
}

/** A note about one cache; none if nothing can be removed now or later. */
export function retentionNote(name: string, found: Collected, now: Date): Note[] {
  const { freedPaths, freedBytes, freedSystems, due } = found;
  const parts = [
    ...(freedPaths > 0
      ? [
          `an up would free ${counted(freedPaths, 'path')}, ${formatSize(freedBytes)} (of ${counted(freedSystems, 'system')})`,
        ]
      : []),
    ...(due && due > now ? [`unused paths can be removed from ${due.toISOString()} on`] : []),
  ];
  return parts.length === 0 ? [] : [{ severity: 'info', text: `${name}: ${parts.join('; ')}` }];
}

/** The systems of each machine that are known without reading it again. */
function machinesOf({ evaluation, live = {} }: RetentionRequest): Record<string, KeptMachine> {
  return Object.fromEntries(
    Object.entries(evaluation.hosts).flatMap(([name, evaluated]) => {
      if (!evaluated.ok) return [];
      const answer = live[name];
      const reading = answer && 'reading' in answer ? answer.reading : undefined;
      const has = [reading?.system, reading?.booted, reading?.profileSystem].filter((path) => path);
      return [[name, { systems: has as string[], pushes: evaluated.outPath }] as const];
    }),
  );
}
