import * as z from 'zod';
import { buildersText } from './builder.ts';
import { kernelFacts } from './facts.ts';

/** Inputs of `nixos:index:Kernel`: a kernel that one or more machines run. */
export const kernelInputs = kernelFacts.extend({
  machines: z
    .array(z.string())
    .default([])
    .describe('Machines that run it, for the notes of a preview; no change by itself.'),
  configured: z
    .string()
    .optional()
    .describe(
      'The whole .config that Kconfig makes, one `KVM=m` a line: with kernelPreview configure. The symbols that change are named in the notes of a preview.',
    ),
  builders: buildersText,
});
export type KernelInputs = z.infer<typeof kernelInputs>;

/** The symbols in the text of `configured`. */
export function symbolsOf(configured: string): Record<string, string> {
  return Object.fromEntries(
    configured.split('\n').map((line): [string, string] => {
      const equals = line.indexOf('=');
      return [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
}

/** State of `nixos:index:Kernel`: the inputs, and where the built kernel is kept from garbage collection. */
export const kernelState = kernelInputs.omit({ builders: true }).extend({
  gcRoot: z.string().describe('Link on the operator’s computer that keeps the built kernel.'),
});
export type KernelState = z.infer<typeof kernelState>;
