import * as z from 'zod';
import { kernelInputs } from './kernel.ts';

/** Environment variable with the path of the file by which a command tells the program which hosts it is about. */
export const selectionVariable = 'NIXOS_FLEET_SELECTION';

/** A host that is not selected, as the state records it: it is declared by this, and not evaluated. */
const recordedHost = z.object({
  drvPath: z.string(),
  outPath: z.string(),
  /** The recorded text of its facts. */
  facts: z.string(),
  /** Derivation of its kernel, a key of `kernels`. */
  kernel: z.string().optional(),
});
export type RecordedHost = z.infer<typeof recordedHost>;

/** The hosts that one run of Pulumi is about, of all hosts of the stack. */
export const selection = z.object({
  selected: z.array(z.string()).min(1),
  /** The other hosts that were deployed already. */
  recorded: z.record(z.string(), recordedHost),
  /** Their kernels by derivation. */
  kernels: z.record(z.string(), kernelInputs),
  /** The stack's outputs of the other hosts and images, by name. */
  outputs: z.object({
    machines: z.record(z.string(), z.unknown()),
    history: z.record(z.string(), z.unknown()),
    images: z.record(z.string(), z.unknown()),
  }),
});
export type Selection = z.infer<typeof selection>;
