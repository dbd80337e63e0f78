import * as z from 'zod';

const machine = z.string().describe('Name of the machine.');
const seconds = z.number().describe('How long it took, from before the connection.');

/** A line that a command on a machine printed. */
const outputLine = z.strictObject({
  machine,
  stream: z.enum(['stdout', 'stderr']),
  line: z.string().describe('Without its line break; a password of the connection is replaced by ***.'),
});

/** The end of a command on a machine: the last line about it. */
const endLine = z.discriminatedUnion('ended', [
  z.strictObject({ machine, ended: z.literal('exit'), exitCode: z.int(), seconds }),
  z.strictObject({ machine, ended: z.enum(['timeout', 'cancelled']), seconds }),
  z.strictObject({
    machine,
    ended: z.literal('failed').describe('It did not run, or the connection was lost.'),
    error: z.strictObject({
      code: z.string().describe('A code of docs/failures.md.'),
      what: z.string(),
      why: z.string().optional(),
      fix: z.string().optional(),
    }),
    seconds,
  }),
]);

/** A line of `exec --json`. */
export const execLine = z.union([outputLine, endLine]);
export type ExecLine = z.infer<typeof execLine>;
export type ExecEnd = z.infer<typeof endLine>;
