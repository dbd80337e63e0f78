/** One thing to evaluate of the flake: the system of a configuration, an image with the system inside, or another output. */
export interface Target {
  /** Attribute under nixosConfigurations. */
  configuration: string;
  /** Attribute path of an image under the configuration's `config`. */
  image?: readonly string[];
  /** Attribute path under the configuration's `config`, of which only the derivation is wanted. */
  output?: readonly string[];
  /** The machine or disk that an error names. Default: the name of the target. */
  label?: string;
}

/** A host, an image and an output may have the same name: no host's name has a blank. */
export function imageKey(name: string): string {
  return `image ${name}`;
}

export function outputKey(name: string): string {
  return `output ${name}`;
}

/** The target as nix/facts.nix takes it: an attribute, or JSON. */
export function formatTarget({ configuration, image, output }: Target): string {
  return image || output ? JSON.stringify({ configuration, image, output }) : configuration;
}

/** Attribute path of what is built. */
export function builtAttribute({ image, output }: Target): readonly string[] {
  return image ?? output ?? ['system', 'build', 'toplevel'];
}
