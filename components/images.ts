import type { BuildersArgs } from '../schema/builder.ts';
import type { HostEvaluation } from '../schema/evaluation.ts';
import { Component } from './component.ts';
import type { ImageSource } from './disk-installs.ts';
import { Image } from './image.ts';
import * as pulumi from './pulumi.ts';

export interface ImagesArgs {
  /** Images by name: the configuration, the attribute path of the image in it, and the path for a copy. */
  images: Readonly<Record<string, { configuration: string; image: readonly string[]; keep?: string }>>;
  /** What `evaluateFleet` returned for these images. */
  evaluations: Readonly<Record<string, HostEvaluation>>;
  /** Revision of the flake; empty where unknown. */
  revision: string;
  /** Machines that may build them, by name. */
  builders?: BuildersArgs;
}

/** An image in the stack's output `images`. */
export interface ImageSummary {
  path: string;
  format: string;
  sha256: string;
  virtualSizeBytes?: number;
  realSizeBytes: number;
  builtAt: string;
}

/** The stack's disk images, if any. */
export class Images {
  readonly #images: Record<string, Image> = {};
  readonly #failures: Record<string, string> = {};
  readonly #evaluations: ImagesArgs['evaluations'];

  /** Declares them under one component. One that could not be evaluated is skipped. */
  constructor(name: string, args: ImagesArgs) {
    this.#evaluations = args.evaluations;
    const entries = Object.entries(args.images);
    if (entries.length === 0) return;
    const parent = new Component('Images', name);
    for (const [imageName, { configuration, image: path, keep }] of entries) {
      const evaluated = args.evaluations[imageName];
      if (!evaluated?.ok) {
        this.#failures[imageName] = evaluated?.error.message ?? `image ${imageName}: was not evaluated`;
        continue;
      }
      const settings = { evaluated, configuration, attribute: path.join('.'), keep };
      const revision = args.revision || evaluated.revision;
      const image = new Image(imageName, { ...settings, revision, builders: args.builders }, { parent });
      for (const warning of evaluated.warnings) void pulumi.log.warn(`image ${imageName}: ${warning}`, image);
      this.#images[imageName] = image;
    }
    parent.end({});
  }

  /** Errors of images that could not be evaluated. */
  get failures(): readonly string[] {
    return Object.values(this.#failures);
  }

  /** The file of an image. @throws RunError where it does not exist or could not be evaluated */
  pathOf(name: string): pulumi.Output<string> {
    const path = this.#images[name]?.path;
    if (path) return path;
    throw new pulumi.RunError(this.#failures[name] ?? `there is no image ${name}`);
  }

  /** The file of an image, with its facts from the evaluation and its resource. @throws RunError as `pathOf` */
  sourceOf(name: string): ImageSource {
    const path = this.pathOf(name);
    const evaluated = this.#evaluations[name];
    const resource = this.#images[name];
    const { outPath, file, diskSizeMiB } = (evaluated?.ok && evaluated.image) || { outPath: '', file: '' };
    return {
      image: file === '' ? path : `${outPath}/${file}`,
      imageSizeMiB: diskSizeMiB,
      platform: evaluated?.ok ? evaluated.facts.platform : undefined,
      resource,
    };
  }

  /** Summaries of the images, for a stack output. */
  get summaries(): pulumi.Output<Record<string, ImageSummary>> {
    const summary = ({ path, format, sha256, virtualSizeBytes, realSizeBytes, builtAt }: Image) =>
      pulumi
        .all([path, format, sha256, virtualSizeBytes, realSizeBytes, builtAt])
        .apply(([path, format, sha256, virtualSizeBytes, realSizeBytes, builtAt]) => ({
          path,
          format,
          sha256,
          virtualSizeBytes,
          realSizeBytes,
          builtAt,
        }));
    const summaries = Object.entries(this.#images).map(([name, image]) => [name, summary(image)] as const);
    return pulumi.all(Object.fromEntries(summaries)) as pulumi.Output<Record<string, ImageSummary>>;
  }
}
