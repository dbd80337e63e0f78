import { type BuildersArgs, formatBuilders } from '../schema/builder.ts';
import type { HostEvaluation } from '../schema/evaluation.ts';
import { formatFacts } from '../schema/facts.ts';
import * as pulumi from './pulumi.ts';
import { registered } from './resource-args.ts';

export interface ImageArgs {
  /** The image as `evaluateFleet` returned it. */
  evaluated: Extract<HostEvaluation, { ok: true }>;
  /** Attribute under nixosConfigurations that it is built from. */
  configuration: string;
  /** Attribute path in the configuration, such as `system.build.images.qemu-efi`. */
  attribute: string;
  /** Revision of the flake; empty where unknown. */
  revision?: string;
  /** Absolute path for a copy, with a manifest beside it. */
  keep?: pulumi.Input<string | undefined>;
  /** Machines that may build it, by name. */
  builders?: BuildersArgs;
}

/**
 * A disk image, built on the operator's computer. A preview shows its format, its size, and what changes in the system inside.
 *
 * @example
 * const images = { disk: { configuration: 'web', image: ['system', 'build', 'images', 'qemu-efi'] } };
 * const evaluation = await evaluateFleet({ flake: './nix', baseDirectory: process.cwd(), hosts: {}, images });
 * const disk = evaluation.images.disk;
 * if (disk?.ok) new Image('disk', { evaluated: disk, configuration: 'web', attribute: 'system.build.images.qemu-efi' });
 */
export class Image extends pulumi.CustomResource {
  /** The image file: the copy, else in the Nix store. */
  declare readonly path: pulumi.Output<string>;
  declare readonly format: pulumi.Output<string>;
  declare readonly sha256: pulumi.Output<string>;
  /** Size of the disk in the machine; undefined for an archive. */
  declare readonly virtualSizeBytes: pulumi.Output<number | undefined>;
  declare readonly realSizeBytes: pulumi.Output<number>;
  /** When it was built (ISO 8601, UTC). */
  declare readonly builtAt: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, options?: pulumi.CustomResourceOptions) {
    const { configuration, attribute, keep, revision, evaluated, builders } = args;
    const { image } = evaluated;
    if (!image) throw new Error(`the evaluation of '${name}' is one of a machine, not of an image`);
    super(
      'nixos:index:Image',
      name,
      registered(
        {
          configuration,
          attribute,
          drvPath: image.drvPath,
          outPath: image.outPath,
          file: image.file,
          diskSizeMiB: image.diskSizeMiB,
          system: evaluated.outPath,
          facts: formatFacts(evaluated.facts),
          revision: revision ?? evaluated.revision,
          keep,
          builders: builders && formatBuilders(builders),
        },
        ['path', 'format', 'sha256', 'virtualSizeBytes', 'realSizeBytes', 'builtAt'],
      ),
      options,
    );
  }
}
