import { formatMiB } from '../lib/base/bytes.ts';
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

export interface RetentionQuestion {
  project: string;
  stack: string;
  caches: Readonly<Record<string, CacheConfig>>;
  evaluation: FleetEvaluation;
  live?: Readonly<Record<string, LiveResult>> | undefined;
}

/** Tells what an `up` would remove from the stack's folders. Changes nothing, and never fails. */
export async function retentionNotes(question: RetentionQuestion): Promise<Note[]> {
  const { project, stack, caches } = question;
  const machines = machinesOf(question);
  const now = new Date();
  const notes = Object.entries(caches).map(async ([name, { store, keep }]): Promise<Note[]> => {
    const folder = folderOf(store);
    if (!folder || !keep) return [];
    try {
      const found = await previewCollection({ folder, project, stack, keep, machines, now });
      return retentionNote(name, found, now);
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      return [{ severity: 'warning', text: `nothing can be removed from ${name}: ${error.message}` }];
    }
  });
  return (await Promise.all(notes)).flat();
}

/** Nothing is said where nothing goes now or later. Pure. */
export function retentionNote(name: string, found: Collected, now: Date): Note[] {
  const { freedPaths, freedBytes, freedSystems, due } = found;
  const parts = [
    ...(freedPaths > 0
      ? [
          `an up would free ${counted(freedPaths, 'path')}, ${formatMiB(freedBytes)} (of ${counted(freedSystems, 'system')})`,
        ]
      : []),
    ...(due && due > now ? [`what nothing needs any more can go from ${due.toISOString()} on`] : []),
  ];
  return parts.length === 0 ? [] : [{ severity: 'info', text: `${name}: ${parts.join('; ')}` }];
}

/** What is known of the machines before they are asked what else they have. */
function machinesOf({ evaluation, live = {} }: RetentionQuestion): Record<string, KeptMachine> {
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
