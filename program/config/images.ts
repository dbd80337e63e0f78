import type { StackConfig } from '../../schema/config.ts';

/** What an image is made of, with what the config leaves out. */
export interface ImageSettings {
  /** Attribute under nixosConfigurations. */
  configuration: string;
  /** Attribute path under the configuration's `config`. */
  image: readonly string[];
  /** Absolute path of a copy that is kept. */
  keep: string | undefined;
}

const usualVariant = 'qemu-efi';

/** Every image of the stack: by its own settings, else the usual variant of the configuration of its name. */
export function imageSettings({ images }: Pick<StackConfig, 'images'>): Record<string, ImageSettings> {
  return Object.fromEntries(
    Object.entries(images).map(
      ([name, { configuration = name, variant = usualVariant, attribute, keep }]) => [
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
