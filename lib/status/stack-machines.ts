import { z } from 'zod';
import { type Connection, connection } from '../../schema/connection.ts';

/** A machine as a stack's state records it. */
export interface RecordedMachine {
  host: string;
  connection: Connection;
  /** Store path of the recorded live system; empty where none is recorded. */
  system: string;
}

const exported = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          type: z.string(),
          delete: z.boolean().optional(),
          inputs: z.unknown().optional(),
          outputs: z.unknown().optional(),
        }),
      )
      .default([]),
  }),
});
const inputs = z.object({ host: z.string(), connection });
const outputs = z.object({ live: z.object({ system: z.string() }) });

/** The machines in what `pulumi stack export` prints, by name. Pure. */
export function machinesOf(exportedJson: string): RecordedMachine[] {
  const { resources } = exported.parse(JSON.parse(exportedJson)).deployment;
  return resources
    .filter((resource) => resource.type === 'nixos:index:Deployment' && !resource.delete)
    .flatMap((resource) => {
      const given = inputs.safeParse(resource.inputs);
      if (!given.success) return [];
      return [{ ...given.data, system: outputs.safeParse(resource.outputs).data?.live.system ?? '' }];
    })
    .sort((a, b) => a.host.localeCompare(b.host, 'en'));
}
