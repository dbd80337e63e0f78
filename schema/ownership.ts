import * as z from 'zod';

export const takeOverFrom = z
  .string()
  .regex(/^[^/\s]+\/[^/\s]+$/, 'must be PROJECT/STACK')
  .optional()
  .describe(
    'Stack, as PROJECT/STACK, from which this one takes over the machine and its files. Without it, what belongs to another stack is refused.',
  );

export const claim = z
  .string()
  .optional()
  .describe(
    'Identifies the resource in the record on the machine of who wrote what: it deletes nothing that another one has written since.',
  );
