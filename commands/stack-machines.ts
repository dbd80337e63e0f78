import * as z from 'zod';
import { type Connection, connection } from '../schema/connection.ts';
import { type ExportedStack, resourcesOf } from './exported-stack.ts';

/** A machine as a stack's state records it. */
export interface RecordedMachine {
  host: string;
  connection: Connection;
  /** The machine's purpose, from the stack's config. */
  description?: string;
  /** Store path of the recorded live system; empty if none is recorded. */
  system: string;
}

const deployment = z.object({
  inputs: z.object({ host: z.string(), connection }),
  outputs: z
    .object({ live: z.object({ system: z.string() }) })
    .optional()
    .catch(undefined),
});
/** The stack's own outputs. */
const summary = z.object({
  outputs: z.object({ machines: z.record(z.string(), z.object({ description: z.string().optional() })) }),
});

/** The machines of a stack by name. */
export function machinesOf(stack: ExportedStack): RecordedMachine[] {
  const [summaries] = resourcesOf(stack, 'pulumi:pulumi:Stack', summary);
  return resourcesOf(stack, 'nixos:index:Deployment', deployment)
    .map(({ inputs: { host, connection }, outputs }) => ({
      host,
      connection,
      description: summaries?.outputs.machines[host]?.description,
      system: outputs?.live.system ?? '',
    }))
    .sort((a, b) => a.host.localeCompare(b.host, 'en'));
}
