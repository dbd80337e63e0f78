import * as z from 'zod';
import { connection } from './connection.ts';
import { accountPattern } from './jump.ts';
import { claim, takeOverFrom } from './ownership.ts';

const text = z.string('must be text; in YAML, put it in quotes');

/** Where the file of a secret is and who may read it: what a stack's config and a program share. */
export const secretFile = z.object({
  path: text
    .regex(
      /^(?!\/(nix|proc|sys|dev)\/)(?!.*\/\.{0,2}(\/|$))\/[^\0\n]+$/,
      'must be an absolute path of a file, outside of /nix, /proc, /sys and /dev, and without . or ..',
    )
    .describe('Path of the file on the machine.'),
  owner: text
    .regex(new RegExp(`^(${accountPattern}|\\d+)$`), 'must be a user’s name or number')
    .default('root')
    .describe('User that owns the file: name or number.'),
  group: text
    .regex(new RegExp(`^(${accountPattern}|\\d+)$`), 'must be a group’s name or number')
    .default('root')
    .describe('Group of the file: name or number.'),
  mode: text
    .regex(/^0[0-7]{3}$/, 'must be four octal digits in quotes, such as "0440"')
    .default('0400')
    .describe('Permissions of the file, as four octal digits.'),
  restartUnits: z
    .array(text.regex(/^[A-Za-z0-9:_.@\\-]+\.[a-z]+$/, 'must be a unit’s full name, such as nginx.service'))
    .default([])
    .describe(
      'Units to restart when the content changes. One that is neither running nor failed is left alone.',
    ),
  encoding: z
    .enum(['text', 'base64'])
    .default('text')
    .describe('`base64` where the value is the base64 form of the file’s bytes.'),
});

/** Inputs of `nixos:index:Secret`: one file on one machine whose content is kept out of every store. */
export const secretInputs = secretFile.extend({
  host: z.string().describe('Name of the machine in the stack’s config.'),
  connection,
  value: text
    .min(1, 'must not be empty')
    .max(1 << 20, 'must not be longer than 1 MiB')
    .describe('Content of the file. Always a secret in the state, whether it was given as one or not.'),
  machineId: z
    .string()
    .optional()
    .describe(
      'Machine-id that the machine must have. Where it changes, the file is written again. Without it, the first machine reached is adopted.',
    ),
  when: z
    .enum(['before', 'after'])
    .optional()
    .describe('Whether the file is written before the machine’s deployment or after it, for the preview.'),
  takeOverFrom,
});
export type SecretInputs = z.output<typeof secretInputs>;

/** State of `nixos:index:Secret`. The value is in its inputs alone, as a Pulumi secret; nothing derived from it is kept. */
export const secretState = secretInputs.omit({ value: true }).extend({
  content: z
    .enum(['in-place', 'changed'])
    .describe('Whether the file holds the value; `changed` where it was edited by other means.'),
  restartDue: z
    .boolean()
    .describe('Whether units still have to be restarted for the content that is there, as that failed.'),
  claim,
});
export type SecretState = z.output<typeof secretState>;

/** A secret in a host's config: where its value comes from, and where it goes. */
export const hostSecret = secretFile
  .extend({
    path: secretFile.shape.path
      .optional()
      .describe('Path of the file on the machine. Default: /run/keys/<name>.'),
    encoding: secretFile.shape.encoding
      .optional()
      .describe(`${secretFile.shape.encoding.description} Of value and command; a file is taken as it is.`),
    value: secretInputs.shape.value
      .optional()
      .describe('The content, set with `pulumi config set --secret --path`; refused in plain text.'),
    file: text.min(1).optional().describe('File on the operator’s computer that holds the content.'),
    command: z
      .array(text)
      .min(1)
      .optional()
      .describe('Command on the operator’s computer that prints the content: program and arguments.'),
    when: z
      .enum(['before', 'after'])
      .default('before')
      .describe('Whether the file is written before the machine’s deployment or after it.'),
  })
  .strict()
  .refine(
    ({ value, file, command }) =>
      [value, file, command].filter((source) => source !== undefined).length === 1,
    {
      message: 'must have one of value, file and command',
    },
  );
export type HostSecretConfig = z.output<typeof hostSecret>;
