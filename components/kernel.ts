import { type BuildersArgs, formatBuilders } from '../schema/builder.ts';
import type { EvaluatedKernel } from '../schema/evaluation.ts';
import { kernelFacts } from '../schema/facts.ts';
import type { KernelInputs } from '../schema/kernel.ts';
import * as pulumi from './pulumi.ts';
import { registered } from './resource-args.ts';

/**
 * A kernel, built once on the operator's computer for all machines that run it. Its config symbols are inputs, so that a
 * preview shows each one that changes.
 */
export class Kernel extends pulumi.CustomResource {
  declare readonly version: pulumi.Output<string>;
  declare readonly outPath: pulumi.Output<string>;

  constructor(name: string, args: KernelInputs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:Kernel', name, registered(args, ['gcRoot']), options);
  }
}

/** A kernel's arguments from its evaluation. The whole .config is one text. */
export function kernelArgs(
  kernel: EvaluatedKernel,
  machines: readonly string[] = [],
  builders?: BuildersArgs,
): KernelInputs {
  const { configured } = kernel;
  const lines = configured && Object.entries(configured).map(([symbol, value]) => `${symbol}=${value}`);
  return {
    ...kernelFacts.parse(kernel),
    machines: [...machines].sort(),
    builders: builders && formatBuilders(builders),
    configured: lines?.sort().join('\n'),
  };
}
