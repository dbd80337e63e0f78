import * as z from 'zod';

/** Kinds of work on a machine, in the order in which a deployment has them. */
const phases = [
  'starting',
  'building',
  'installing',
  'reading',
  'waiting',
  'delivering',
  'checking',
  'switching',
  'confirming',
  'rebooting',
  'rolling-back',
  'cleaning-up',
  'working',
] as const;
export type Phase = (typeof phases)[number];

const operation = z
  .enum(['same', 'create', 'update', 'replace', 'delete', 'import'])
  .describe('What Pulumi does with the resource.');

const machine = z.string().describe('Name of the machine.');
const machines = z.array(z.string()).describe('Names of the machines.');
const wave = z.string().describe('Name of the wave in the stack’s config.');
const seconds = z.number().describe('How long the run worked on it, without the time in which it waited.');

const error = z
  .object({
    code: z
      .string()
      .optional()
      .describe('One of the codes of docs/failures.md; absent for an error of another program.'),
    what: z.string().describe('What failed.'),
    why: z.string().optional().describe('Why; may have several lines.'),
    fix: z.string().optional().describe('What to do about it.'),
  })
  .describe('An error with all that is known of it.');
export type RunError = z.infer<typeof error>;

const resource = z
  .object({ type: z.string(), name: z.string() })
  .describe('A resource, by its Pulumi type and name.');
export type RunResource = z.infer<typeof resource>;

/** What happens in a run of `npm run fleet`, as it happens. */
const happening = z.discriminatedUnion('event', [
  z
    .object({
      event: z.literal('run-began'),
      format: z.literal(1).describe('Grows when a change of this format is not backwards-compatible.'),
      action: z.enum(['up', 'preview', 'refresh']),
      stack: z.string().optional().describe('Name of the stack; absent for the selected one.'),
      machines: machines.describe('The machines that the run is about.'),
      of: z.int().describe('How many machines the stack has.'),
    })
    .describe('The first event.'),
  z
    .object({
      event: z.literal('machine-planned'),
      machine,
      operation,
      consequences: z.array(z.string()).describe('What the change means for the running machine.'),
      changes: z.array(z.string()).describe('Facts that differ, one a line, in the form of a Pulumi diff.'),
      closure: z
        .array(z.string())
        .describe('What changes in the closure, and what there is to build and copy.'),
    })
    .describe(
      'A preview found what a run does to a machine. Machines of which nothing changes have the operation `same`.',
    ),
  z
    .object({
      event: z.literal('resource-planned'),
      resource,
      operation,
      machines: z.array(z.string()).optional().describe('The machines that a kernel is of.'),
      changes: z
        .array(z.string())
        .describe('What differs: properties, or symbols of a kernel. Never values that may be secret.'),
    })
    .describe('The same of what is no machine and changes.'),
  z
    .object({ event: z.literal('preview-ended'), exitCode: z.int() })
    .describe('The plan is complete, unless the exit code is not 0.'),
  z
    .object({
      event: z.literal('phase'),
      machine,
      phase: z.enum(phases),
      text: z.string().describe('The line for people.'),
    })
    .describe('A machine is in this phase. Comes again in the same phase for another text.'),
  z
    .object({ event: z.literal('progress'), resource: resource.optional(), text: z.string() })
    .describe(
      'What is no machine is worked on; without a resource, the program, which evaluates the machines. The text is empty at the end.',
    ),
  z
    .object({ event: z.literal('wave-began'), wave, machines })
    .describe('The first machine of a wave is worked on.'),
  z.object({ event: z.literal('wave-passed'), wave, machines }).describe('The wave’s gate was passed.'),
  z
    .object({ event: z.literal('wave-failed'), wave, machines, error })
    .describe('The wave’s gate was not passed.'),
  z
    .object({
      event: z.literal('machine-done'),
      machine,
      operation,
      seconds,
      generation: z.int().optional().describe('Number of the live generation.'),
      system: z.string().optional().describe('Store path of the live system.'),
    })
    .describe(
      'A machine is deployed, or read by a refresh. Machines without changes have the operation `same`.',
    ),
  z
    .object({ event: z.literal('machine-failed'), machine, seconds, error })
    .describe('Something failed for a machine. May come more than once.'),
  z
    .object({ event: z.literal('resource-done'), resource, operation })
    .describe('What is no machine was changed.'),
  z.object({ event: z.literal('resource-failed'), resource, error }).describe('What is no machine failed.'),
  z
    .object({ event: z.literal('run-failed'), error: error.extend({ host: z.string().optional() }) })
    .describe('An error of the run as a whole, such as a configuration that cannot be evaluated.'),
  z
    .object({
      event: z.literal('message'),
      severity: z.enum(['info', 'warning']),
      text: z.string(),
      machine: z.string().optional().describe('The machine concerned.'),
      resource: resource.optional().describe('The resource concerned.'),
    })
    .describe('A message that stands by itself.'),
  z.object({ event: z.literal('interrupted') }).describe('The run was asked to stop: nothing more is begun.'),
  z
    .object({
      event: z.literal('run-ended'),
      exitCode: z.int().describe('Pulumi’s.'),
      seconds: z.number(),
      done: machines.describe('Changed without a failure.'),
      failed: machines.describe('With a failure.'),
      notBegun: machines.describe('With changes that were not begun.'),
      unchanged: machines.describe('With nothing to change.'),
    })
    .describe('The last event. Each machine is in one of the lists.'),
]);
export type Happening = z.infer<typeof happening>;

/** A line of `--events`. */
export const runEvent = z.intersection(z.object({ at: z.iso.datetime().describe('When.') }), happening);
export type RunEvent = z.infer<typeof runEvent>;

/** The kinds of events. */
export const happenings = happening.options;
