import * as z from 'zod';
import { buildersText } from './builder.ts';
import { factsText } from './facts.ts';

/** What the stack's config and the resource share of an image. */
const keep = z
  .string()
  .regex(/^\/[^\0\n]*[^/\0\n]$/, 'must be the absolute path of a file')
  .describe(
    'File that the built image is copied to, with a manifest beside it (`<file>.json`). Default: the image stays in the Nix store.',
  );

/** Inputs of `nixos:index:Image`: a disk image of a machine's configuration, built on the operator's computer. */
export const imageInputs = z.object({
  configuration: z.string().describe('Attribute under nixosConfigurations that the image is made of.'),
  attribute: z
    .string()
    .describe('Where the image is in the configuration, such as `system.build.images.qemu-efi`.'),
  drvPath: z.string().describe('Derivation of the image, as evaluated.'),
  outPath: z.string().describe('Store path of the image’s derivation.'),
  file: z.string().describe('Path of the image within that; found after the build where empty.'),
  diskSizeMiB: z.int().optional().describe('Size of the disk, MiB, where the configuration fixes it.'),
  system: z.string().describe('Store path of the system inside.'),
  facts: factsText
    .optional()
    .describe('Facts of the system inside, as one text; a preview names the leaves that differ.'),
  revision: z.string().default('').describe('Revision of the flake; empty where unknown.'),
  keep: keep.optional(),
  builders: buildersText,
});
export type ImageInputs = z.infer<typeof imageInputs>;

/** State of `nixos:index:Image`: the inputs, and what was built. */
export const imageState = imageInputs.omit({ facts: true, builders: true }).extend({
  path: z.string().describe('The image: the kept copy where there is one, else in the Nix store.'),
  format: z.string().describe('`qcow2`, `raw`, `iso`, `vmdk`, …, by the file’s content or name.'),
  sha256: z.string().describe('SHA-256 of the file, in hexadecimal digits.'),
  virtualSizeBytes: z
    .number()
    .optional()
    .describe('Size of the disk that a machine sees, where it is known.'),
  realSizeBytes: z.number().describe('Room that the file takes on its disk.'),
  builtAt: z.string().describe('When it came into this computer’s Nix store (ISO 8601, UTC).'),
  kept: z
    .enum(['none', 'in-place', 'missing', 'changed'])
    .describe('Whether the kept copy is as it was made; none, where none is kept.'),
  gcRoot: z
    .string()
    .describe('Link on the operator’s computer that keeps the image from garbage collection.'),
});
export type ImageState = z.infer<typeof imageState>;

/** One image in the stack's config. */
export const imageConfig = z
  .strictObject({
    configuration: z
      .string()
      .min(1)
      .optional()
      .describe('Attribute under nixosConfigurations. Default: the image’s name.'),
    variant: z
      .string()
      .min(1)
      .optional()
      .describe('Which of `config.system.build.images`. Default: `qemu-efi` (qcow2 for UEFI).'),
    attribute: z
      .string()
      .regex(
        /^[A-Za-z_][\w'-]*(\.[A-Za-z_][\w'-]*)*$/,
        'must be an attribute path such as system.build.diskImage',
      )
      .optional()
      .describe('Path of the image under the configuration’s `config`, instead of a variant.'),
    keep: keep.optional(),
  })
  .refine(({ variant, attribute }) => !(variant && attribute), {
    path: ['attribute'],
    message: 'names the image already: variant cannot be given with it',
  });
