import * as z from 'zod';
import { hostFacts } from '../../../schema/facts.ts';

/** The record of a deployment beside the system's gc root on the machine. A lost state can be rebuilt from it. */
export const deploymentRecord = z.object({
  /** Name of the machine in the stack that deployed it. */
  host: z.string(),
  /** Store path of the system. */
  system: z.string(),
  /** Revision of the flake; empty if unknown. */
  revision: z.string(),
  /** The system's facts, as shown in the preview. */
  facts: hostFacts.optional(),
  /** Who deployed it: user@host. */
  by: z.string(),
  /** When: ISO 8601, UTC, by the operator's clock. */
  at: z.string(),
});
export type DeploymentRecord = z.infer<typeof deploymentRecord>;
