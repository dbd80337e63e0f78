import * as z from 'zod';
import { pickBy } from '../../lib/base/pick.ts';
import { kernelInputs } from '../../schema/kernel.ts';
import type { RecordedHost, Selection } from '../../schema/selection.ts';
import { type ExportedStack, resourcesOf } from '../exported-stack.ts';

const system = z.object({ inputs: z.object({ host: z.string(), drvPath: z.string(), outPath: z.string() }) });
const deployment = z.object({ inputs: z.object({ host: z.string(), facts: z.string() }) });
/** Those of the stack's outputs that are by host or image. */
const stackOutputs = z.object({
  outputs: z.object({
    machines: z.record(z.string(), z.unknown()).optional(),
    history: z.record(z.string(), z.unknown()).optional(),
    images: z.record(z.string(), z.unknown()).optional(),
  }),
});
const kernel = z.object({ inputs: kernelInputs });

/**
 * What the state records of the hosts that are not selected. One whose deployment never was completed is left out.
 * @param images those that belong to selected hosts
 */
export function recordSelection(
  stack: ExportedStack,
  selected: readonly string[],
  images: readonly string[],
): Selection {
  const facts = new Map(
    resourcesOf(stack, 'nixos:index:Deployment', deployment).map(({ inputs }) => [inputs.host, inputs.facts]),
  );
  const kernels = resourcesOf(stack, 'nixos:index:Kernel', kernel).map(({ inputs }) => inputs);
  const recorded: Record<string, RecordedHost> = {};
  for (const { inputs } of resourcesOf(stack, 'nixos:index:System', system)) {
    const { host, drvPath, outPath } = inputs;
    const text = facts.get(host);
    if (text === undefined || selected.includes(host)) continue;
    const own = kernels.find(({ machines }) => machines.includes(host));
    recorded[host] = { drvPath, outPath, facts: text, kernel: own?.drvPath };
  }
  const [{ outputs = {} } = {}] = resourcesOf(stack, 'pulumi:pulumi:Stack', stackOutputs);
  const isOther = (name: string) => !selected.includes(name);
  return {
    selected: [...selected],
    recorded,
    kernels: Object.fromEntries(kernels.map((each) => [each.drvPath, each])),
    outputs: {
      machines: pickBy(outputs.machines ?? {}, isOther),
      history: pickBy(outputs.history ?? {}, isOther),
      images: pickBy(outputs.images ?? {}, (name) => !images.includes(name)),
    },
  };
}
