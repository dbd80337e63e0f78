import * as z from 'zod';
import type { Keep } from '../../../../schema/cache-retention.ts';

const instant = z.iso.datetime();

/** A stack's record of one machine, kept in the cache's folder: what was pushed for the machine, and what it has. */
export const rootsRecord = z.strictObject({
  version: z.literal(1),
  /** Pushed systems, the newest last. */
  pushed: z.array(
    z.strictObject({
      system: z.string(),
      at: instant,
      /** Since when no rule and no machine needs it. */
      givenUpAt: instant.optional(),
    }),
  ),
  /** Systems that were live, booted or recorded on the machine when it was last read. */
  has: z.array(z.string()),
});
export type RootsRecord = z.output<typeof rootsRecord>;

export const emptyRecord: RootsRecord = { version: 1, pushed: [], has: [] };

/** The record with a system that is pushed now. */
export function withPushed(record: RootsRecord, system: string, now: Date): RootsRecord {
  const others = record.pushed.filter((each) => each.system !== system);
  return { ...record, pushed: [...others, { system, at: now.toISOString() }] };
}

/** The record of a machine that no longer belongs to the stack: all of its systems are given up. */
export function withoutMachine(record: RootsRecord, now: Date): RootsRecord {
  const givenUpAt = now.toISOString();
  return { ...record, has: [], pushed: record.pushed.map((each) => ({ givenUpAt, ...each })) };
}

/**
 * Marks the pushed systems that the rules do not keep and no machine has as given up; those that are needed again lose the mark.
 * @param inUse systems that any machine has
 */
export function markGivenUp(
  record: RootsRecord,
  { generations = 1, days = 0 }: Pick<Keep, 'generations' | 'days'>,
  inUse: ReadonlySet<string>,
  now: Date,
): RootsRecord {
  const { length } = record.pushed;
  const pushed = record.pushed.map((each, index) => {
    const { givenUpAt = now.toISOString(), ...entry } = each;
    const young = now.getTime() - Date.parse(entry.at) < days * 86_400_000;
    return index >= length - generations || young || inUse.has(entry.system)
      ? entry
      : { ...entry, givenUpAt };
  });
  return { ...record, pushed };
}

/**
 * The systems that the records need, those that can be removed now, and when the next one can.
 * @param graceHours how long a given up system stays
 */
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
  // One stack may have given up what another one needs.
  const givenUp = new Set([...over].filter((system) => !needed.has(system)));
  return { needed, givenUp, next: waiting.length > 0 ? new Date(Math.min(...waiting)) : undefined };
}

/** The record without systems that were removed from the cache. */
export function withoutSystems(record: RootsRecord, removed: ReadonlySet<string>): RootsRecord {
  return { ...record, pushed: record.pushed.filter(({ system }) => !removed.has(system)) };
}
