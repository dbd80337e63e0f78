import * as z from 'zod';
import { claim } from './ownership.ts';
import { secretFile, secretInputs } from './secret.ts';
import { withoutDefaults } from './without-defaults.ts';

const { host, connection, value, machineId, when, takeOverFrom } = secretInputs.shape;
const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'must be a name, such as database');

/** A file as it is declared: Pulumi handles each property of a resource, so that defaults stay out of the state. */
const declaredFile = z.object({ ...withoutDefaults(secretFile.shape), path: secretFile.shape.path });

/** Inputs of `nixos:index:Secrets`: any number of files on one machine whose contents are kept out of every store. */
export const secretsInputs = z.object({
  host,
  connection,
  files: z
    .record(name, declaredFile)
    .describe('Where each file is and who may read it, by the secret’s name.'),
  values: z
    .record(name, value)
    .describe('Content of each file, by the same names. Always secret in the state, and never shown.'),
  machineId,
  when: when.describe(
    'Whether the files are written before the machine’s deployment or after it, for the preview.',
  ),
  takeOverFrom,
});
export type SecretsInputs = z.output<typeof secretsInputs>;

const { path: _, ...fileDefaults } = secretFile.parse({ path: '/file' });

/** The files with their defaults. */
export function wholeFiles(files: SecretsInputs['files']): Record<string, z.output<typeof secretFile>> {
  return Object.fromEntries(
    Object.entries(files).map(([file, declared]) => {
      const given = Object.entries(declared).filter(([, setting]) => setting !== undefined);
      return [file, { ...fileDefaults, ...(Object.fromEntries(given) as typeof declared) }];
    }),
  ) as Record<string, z.output<typeof secretFile>>;
}

/** State of `nixos:index:Secrets`. The values are in its inputs alone, as Pulumi secrets; nothing derived from them is kept. */
export const secretsState = secretsInputs.omit({ values: true }).extend({
  contents: z
    .record(z.string(), z.enum(['in-place', 'changed', 'missing']))
    .describe(
      'Whether each file holds its value, by name; `changed` where it was edited by other means, `missing` where it is gone.',
    ),
  restartDue: z
    .boolean()
    .describe('Whether units still have to be restarted for the contents that are there, as that failed.'),
  claim,
});
export type SecretsState = z.output<typeof secretsState>;
