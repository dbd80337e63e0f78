import * as z from 'zod';

const storePath = z.string().describe('Store path; empty if there is none.');

const deployment = z.strictObject({
  endedAt: z.iso.datetime(),
  by: z.string().describe('Who deployed: user@host.'),
  revision: z.string().describe('Of the flake; empty if unknown.'),
  system: storePath,
  action: z.string().describe('`switch`, `boot` or `test`.'),
  outcome: z.string().describe('`confirmed`, or why not.'),
  rolledBack: z.string().describe('`not-needed`, `yes`, or why not.'),
});

const recorded = {
  name: z.string(),
  description: z.string().optional().describe('From the stack’s config.'),
  recordedSystem: storePath.describe('The live system that the state records.'),
};

const readMachine = z.strictObject({
  ...recorded,
  readable: z.literal(true),
  system: storePath.describe('The live system.'),
  specialisation: z.string().describe('Its live specialisation; empty if none is.'),
  generation: z.int().describe('Of the system profile; 0 if there is none.'),
  bootSystem: storePath.describe('The system that the profile points to, which boots next.'),
  kernel: z.string().describe('The running kernel’s version.'),
  since: z.string().describe('When the live system was activated, ISO 8601; empty if there is none.'),
  drifted: z.boolean().describe('Whether it runs, or boots next, another system than is recorded.'),
  rebootDue: z.boolean(),
  deploying: z
    .strictObject({ by: z.string(), since: z.string() })
    .optional()
    .describe('Who deploys to it now.'),
  deployments: z.array(deployment).describe('The latest ones, newest first.'),
});

const unreadMachine = z.strictObject({
  ...recorded,
  readable: z.literal(false),
  error: z.strictObject({
    code: z.string().describe('A code of docs/failures.md.'),
    what: z.string(),
    why: z.string().optional(),
    fix: z.string().optional(),
  }),
});

/** What `status --json` prints. */
export const statusDocument = z.strictObject({
  readAt: z.iso.datetime(),
  machines: z.array(z.discriminatedUnion('readable', [readMachine, unreadMachine])),
});
export type StatusDocument = z.infer<typeof statusDocument>;
