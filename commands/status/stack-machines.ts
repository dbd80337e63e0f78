import { z } from 'zod';
import { type Connection, connection } from '../../schema/connection.ts';

/** A machine as a stack's state records it. */
export interface RecordedMachine {
  host: string;
  connection: Connection;
  /** What the machine is for, where the stack's config has that. */
  description?: string;
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
/** The stack's own outputs. */
const summaries = z.object({
  machines: z.record(z.string(), z.object({ description: z.string().optional() })),
});

/** Pulumi's mark of a secret (sdk/go/common/resource/sig), as an exported stack has it. */
const secretMark = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' };
const [[markKey, markValue]] = Object.entries(secretMark) as [[string, string]];

/** Parses an exported stack; a secret that is shown becomes its value, one that is encrypted stays its mark. */
function parseExported(json: string): unknown {
  return JSON.parse(json, (_, value) =>
    value?.[markKey] === markValue && typeof value.plaintext === 'string'
      ? JSON.parse(value.plaintext)
      : value,
  );
}

/** Whether a machine's connection holds what the export shows encrypted. Pure. */
export function hidesConnections(exportedJson: string): boolean {
  return deploymentsIn(exportedJson).some(({ inputs: given }) => {
    const hidden = z.object({ connection: z.record(z.string(), z.unknown()) }).safeParse(given);
    const isMarked = (value: unknown) => typeof value === 'object' && value !== null && markKey in value;
    const within = hidden.data?.connection ?? {};
    return isMarked(within) || Object.values(within).some(isMarked);
  });
}

function resourcesIn(exportedJson: string) {
  return exported.parse(parseExported(exportedJson)).deployment.resources;
}

function deploymentsIn(exportedJson: string) {
  return resourcesIn(exportedJson).filter(
    ({ type, delete: old }) => type === 'nixos:index:Deployment' && !old,
  );
}

/** The machines in what `pulumi stack export` prints, with its secrets where connections have some, by name. */
export function machinesOf(exportedJson: string): RecordedMachine[] {
  const stack = resourcesIn(exportedJson).find(({ type }) => type === 'pulumi:pulumi:Stack');
  const { machines = {} } = summaries.safeParse(stack?.outputs).data ?? {};
  return deploymentsIn(exportedJson)
    .flatMap((resource) => {
      const given = inputs.safeParse(resource.inputs);
      if (!given.success) return [];
      const system = outputs.safeParse(resource.outputs).data?.live.system ?? '';
      return [{ ...given.data, description: machines[given.data.host]?.description, system }];
    })
    .sort((a, b) => a.host.localeCompare(b.host, 'en'));
}
