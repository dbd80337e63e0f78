import * as z from 'zod';
import { isPlainObject } from '../lib/base/differences.ts';
import { withWholeInputs } from '../schema/summarized.ts';
import { askPulumi } from './pulumi-stack.ts';

const exportedStack = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          type: z.string(),
          urn: z.string().optional(),
          id: z.string().optional(),
          /** Set for a replaced resource that is not removed yet. */
          delete: z.boolean().optional(),
          inputs: z.unknown().optional(),
          outputs: z.unknown().optional(),
        }),
      )
      .default([]),
  }),
});

/** A stack's state, as `pulumi stack export` prints it. */
export type ExportedStack = z.infer<typeof exportedStack>;

/** Pulumi's mark of a secret (sdk/go/common/resource/sig). */
const secretMark = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' };
const [[markKey, markValue]] = Object.entries(secretMark) as [[string, string]];

/**
 * The state of a stack, by default the selected one. Secrets are decrypted only if the connection of a machine has one.
 */
export async function exportStack(stack: string | undefined): Promise<ExportedStack> {
  const hidden = await exportEncrypted(stack);
  return hidesConnections(hidden) ? await exported(stack, '--show-secrets') : hidden;
}

/** The state of a stack, by default the selected one, with its secrets encrypted. */
export async function exportEncrypted(stack: string | undefined): Promise<ExportedStack> {
  return await exported(stack);
}

async function exported(stack: string | undefined, ...more: string[]): Promise<ExportedStack> {
  const what = `cannot read the state of ${stack ? `the stack '${stack}'` : 'the selected stack'}`;
  return parseExport(
    await askPulumi(what, ['stack', 'export', ...(stack ? ['--stack', stack] : []), ...more]),
  );
}

/** Parses an export. Decrypted secrets become their values, encrypted ones stay as they are. */
export function parseExport(json: string): ExportedStack {
  return exportedStack.parse(
    JSON.parse(json, (_, value) =>
      value?.[markKey] === markValue && typeof value.plaintext === 'string'
        ? JSON.parse(value.plaintext)
        : value,
    ),
  );
}

/** The resources of a type, parsed by the schema; those that do not fit, as after a failed creation, are left out. */
export function resourcesOf<T>(stack: ExportedStack, type: string, schema: z.ZodType<T>): T[] {
  return stack.deployment.resources
    .filter((resource) => resource.type === type && !resource.delete)
    .map((resource) => ({ ...resource, inputs: whole(resource.inputs), outputs: whole(resource.outputs) }))
    .flatMap((resource) => schema.safeParse(resource).data ?? []);
}

function whole(properties: unknown): unknown {
  return isPlainObject(properties) ? withWholeInputs(properties) : properties;
}

/** Whether a machine's connection has encrypted values in the export. */
export function hidesConnections(stack: ExportedStack): boolean {
  const withConnection = z.object({ inputs: z.object({ connection: z.record(z.string(), z.unknown()) }) });
  const isMarked = (value: unknown) => typeof value === 'object' && value !== null && markKey in value;
  return resourcesOf(stack, 'nixos:index:Deployment', withConnection).some(
    ({ inputs: { connection } }) => isMarked(connection) || Object.values(connection).some(isMarked),
  );
}
