import type { StackConfig } from '../../schema/config.ts';

/** An image's settings, with defaults. */
export interface ImageSettings {
  /** Attribute under nixosConfigurations. */
  configuration: string;
  /** Attribute path under the configuration's `config`. */
  image: readonly string[];
  /** Absolute path for a copy of the image. */
  keep: string | undefined;
}

const defaultVariant = 'qemu-efi';

/** Settings of all images. Default: the variant `qemu-efi` of the configuration with the image's name. */
export function imageSettings({ images }: Pick<StackConfig, 'images'>): Record<string, ImageSettings> {
  return Object.fromEntries(
    Object.entries(images).map(
      ([name, { configuration = name, variant = defaultVariant, attribute, keep }]) => [
        name,
        {
          configuration,
          image: attribute?.split('.') ?? ['system', 'build', 'images', variant],
          keep,
        },
      ],
    ),
  );
}
