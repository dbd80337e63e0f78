import { z } from 'zod';
import type { Keep } from '../../../../schema/cache-retention.ts';

const instant = z.iso.datetime();

/** What a stack says, in a folder that is a cache, of one of its machines: what was pushed for it, and what it has. */
export const rootsRecord = z.strictObject({
  version: z.literal(1),
  /** Systems that were pushed, the last one last. */
  pushed: z.array(
    z.strictObject({
      system: z.string(),
      at: instant,
      /** Since when nothing needs it. */
      givenUpAt: instant.optional(),
    }),
  ),
  /** Systems that were live, booted, or recorded on the machine when it was asked last. */
  has: z.array(z.string()),
});
export type RootsRecord = z.output<typeof rootsRecord>;

export const emptyRecord: RootsRecord = { version: 1, pushed: [], has: [] };

/** With a system that is pushed now. Pure. */
export function withPushed(record: RootsRecord, system: string, now: Date): RootsRecord {
  const others = record.pushed.filter((each) => each.system !== system);
  return { ...record, pushed: [...others, { system, at: now.toISOString() }] };
}

/** With nothing that is needed: its machine is none of the stack's any more. Pure. */
export function withoutMachine(record: RootsRecord, now: Date): RootsRecord {
  const givenUpAt = now.toISOString();
  return { ...record, has: [], pushed: record.pushed.map((each) => ({ givenUpAt, ...each })) };
}

/**
 * Judges what was pushed for a machine: of what the rules do not keep and no machine has, it is written down since when. What is
 * wanted again is given up no longer. Pure.
 * @param had systems that any machine has
 */
export function judged(
  record: RootsRecord,
  { generations = 1, days = 0 }: Pick<Keep, 'generations' | 'days'>,
  had: ReadonlySet<string>,
  now: Date,
): RootsRecord {
  const { length } = record.pushed;
  const pushed = record.pushed.map((each, index) => {
    const { givenUpAt = now.toISOString(), ...entry } = each;
    const young = now.getTime() - Date.parse(entry.at) < days * 86_400_000;
    return index >= length - generations || young || had.has(entry.system) ? entry : { ...entry, givenUpAt };
  });
  return { ...record, pushed };
}

/** What the records of all stacks need, what of them can go now, and when the next can. Pure. */
export function rootsOf(
  records: Iterable<RootsRecord>,
  graceHours: number,
  now: Date,
): { needed: Set<string>; givenUp: Set<string>; next: Date | undefined } {
  const needed = new Set<string>();
  const over = new Set<string>();
  const waiting: number[] = [];
  for (const { pushed, has } of records) {
    for (const system of has) needed.add(system);
    for (const { system, givenUpAt } of pushed) {
      const from = givenUpAt === undefined ? undefined : Date.parse(givenUpAt) + graceHours * 3_600_000;
      if (from !== undefined && from <= now.getTime()) over.add(system);
      else needed.add(system);
      if (from !== undefined && from > now.getTime()) waiting.push(from);
    }
  }
  // Given up by one stack, and needed by another.
  const givenUp = new Set([...over].filter((system) => !needed.has(system)));
  return { needed, givenUp, next: waiting.length > 0 ? new Date(Math.min(...waiting)) : undefined };
}

/** Without what is gone from the cache. Pure. */
export function withoutSystems(record: RootsRecord, gone: ReadonlySet<string>): RootsRecord {
  return { ...record, pushed: record.pushed.filter(({ system }) => !gone.has(system)) };
}
