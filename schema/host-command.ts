import * as z from 'zod';

/** A command on a machine, before its deployment or after it, as @pulumi/command runs it. */
export const hostCommand = z.strictObject({
  create: z.string().min(1).describe('Shell command, run at first and again at each new deployment.'),
  update: z
    .string()
    .min(1)
    .optional()
    .describe('Run in place of `create` where only the command has changed.'),
  delete: z.string().min(1).optional().describe('Run where the command is removed or replaced.'),
});
export type HostCommandConfig = z.output<typeof hostCommand>;

const byName = z.record(
  z.string().regex(/^[A-Za-z0-9_.-]+$/, 'must be a name of letters, digits and _.-'),
  hostCommand,
);

/** `hosts.<name>.commands` of the stack's config. */
export const hostCommands = z
  .strictObject({
    before: byName.optional().describe('Before the machine’s deployment.'),
    after: byName.optional().describe('After the machine’s deployment.'),
  })
  .describe(
    'Commands on the machine around each deployment, by name, run by @pulumi/command; the machine must have a hostKey.',
  );
