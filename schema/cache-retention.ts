import * as z from 'zod';
import { cachePlace } from './cache.ts';
import { connection } from './connection.ts';

/** Which of the systems that were pushed to a cache stay there. */
export const keep = z
  .strictObject({
    generations: z
      .int()
      .min(1)
      .optional()
      .describe('How many of those pushed last stay, of each machine; the last one always does.'),
    days: z.number().positive().optional().describe('For how many days after its push each stays.'),
    graceHours: z
      .number()
      .min(0)
      .default(24)
      .describe(
        'Hours between finding that nothing needs a system and removing it; also the age under which a path stays. For a folder alone.',
      ),
    others: z
      .boolean()
      .default(true)
      .describe(
        'Whether what no stack has pushed stays, with all that it needs. With false whatever no record needs goes. For a folder alone.',
      ),
  })
  .refine(
    ({ generations, days }) => generations !== undefined || days !== undefined,
    'must have generations or days',
  )
  .describe(
    'Which pushed systems stay in the cache: those that either rule keeps, and always what any machine has live, booted or recorded.',
  );
export type Keep = z.output<typeof keep>;

/** Inputs of `nixos:index:CacheRetention`: how long a binary cache keeps what was pushed to it. */
export const cacheRetentionInputs = cachePlace.extend({
  cache: z.string().describe('Name of the cache.'),
  keep,
  machines: z
    .record(
      z.string(),
      z.object({
        connection,
        machineId: z.string().optional().describe('Machine-id that the machine must have.'),
        systems: z.array(z.string()).describe('Systems that it has for certain: live, booted, next.'),
      }),
    )
    .describe('Machines whose systems are pushed there, by name; the systems of each are read from it.'),
});
export type CacheRetentionInputs = z.output<typeof cacheRetentionInputs>;

/** State of `nixos:index:CacheRetention`. */
export const cacheRetentionState = cacheRetentionInputs.extend({
  systems: z.int().describe('Systems that it keeps of this stack.'),
  paths: z.int().describe('Paths that are left in a folder; 0 for a machine.'),
  mebibytes: z.number().describe('Their size as packed, in MiB.'),
  freedPaths: z.int().describe('Paths that the last collection removed; of a machine, roots.'),
  freedMebibytes: z
    .number()
    .describe('What that freed, in MiB; a machine’s own garbage collection frees its.'),
  due: z
    .string()
    .describe(
      'When something more can go: ISO 8601, UTC. An up after that removes it. Empty where nothing waits.',
    ),
});
export type CacheRetentionState = z.output<typeof cacheRetentionState>;
