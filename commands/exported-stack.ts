import { z } from 'zod';
import { run } from '../lib/base/process/run.ts';

const exportedStack = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          type: z.string(),
          /** It waits for its removal, and another one has its place. */
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
 * The state of a stack; of the selected one where none is named. Its secrets are in the clear only where a machine cannot be
 * entered without one.
 */
export async function exportStack(stack: string | undefined): Promise<ExportedStack> {
  const args = ['stack', 'export', '--non-interactive', ...(stack ? ['--stack', stack] : [])];
  const exported = async (...more: string[]) =>
    parseExport((await run('pulumi', [...args, ...more], { timeoutSeconds: 120 })).stdout);
  const hidden = await exported();
  return hidesConnections(hidden) ? await exported('--show-secrets') : hidden;
}

/** A secret that is shown becomes its value, one that is encrypted stays its mark. */
export function parseExport(json: string): ExportedStack {
  return exportedStack.parse(
    JSON.parse(json, (_, value) =>
      value?.[markKey] === markValue && typeof value.plaintext === 'string'
        ? JSON.parse(value.plaintext)
        : value,
    ),
  );
}

/** The resources of a type, each as the schema reads it; those that do not fit, as of an unfinished creation, are left out. */
export function resourcesOf<T>(stack: ExportedStack, type: string, schema: z.ZodType<T>): T[] {
  return stack.deployment.resources
    .filter((resource) => resource.type === type && !resource.delete)
    .flatMap((resource) => schema.safeParse(resource).data ?? []);
}

/** Whether a machine's connection holds what the export shows encrypted. */
export function hidesConnections(stack: ExportedStack): boolean {
  const withConnection = z.object({ inputs: z.object({ connection: z.record(z.string(), z.unknown()) }) });
  const isMarked = (value: unknown) => typeof value === 'object' && value !== null && markKey in value;
  return resourcesOf(stack, 'nixos:index:Deployment', withConnection).some(
    ({ inputs: { connection } }) => isMarked(connection) || Object.values(connection).some(isMarked),
  );
}
