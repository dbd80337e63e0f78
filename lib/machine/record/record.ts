import { z } from 'zod';
import { hostFacts } from '../../../schema/facts.ts';

/** What a deployment leaves on the machine beside its gc root, so that a lost state can be rebuilt from the machines. */
export const deploymentRecord = z.object({
  /** Name of the machine in the stack that deployed it. */
  host: z.string(),
  /** Store path of the system. */
  system: z.string(),
  /** Revision of the flake; empty where unknown. */
  revision: z.string(),
  /** Facts of the system, as the preview shows them. */
  facts: hostFacts.optional(),
  /** Who deployed it: user@host. */
  by: z.string(),
  /** When: ISO 8601, UTC, by the operator's clock. */
  at: z.string(),
});
export type DeploymentRecord = z.infer<typeof deploymentRecord>;
