/** What to evaluate: the system of a configuration, an image with the system inside, or another output. */
export interface Target {
  /** Attribute under nixosConfigurations. */
  configuration: string;
  /** Attribute path of an image under the configuration's `config`. */
  image?: readonly string[];
  /** Attribute path under the configuration's `config`, of which only the derivation is evaluated. */
  output?: readonly string[];
  /** The machine or disk that an error names. Default: the name of the target. */
  label?: string;
}

/** Distinguishes an image from a host and an output of the same name: names have no spaces. */
export function imageKey(name: string): string {
  return `image ${name}`;
}

export function outputKey(name: string): string {
  return `output ${name}`;
}

/** The target in the format of nix/facts.nix: an attribute, or JSON. */
export function formatTarget({ configuration, image, output }: Target): string {
  return image || output ? JSON.stringify({ configuration, image, output }) : configuration;
}

/** Attribute path under `config` of the derivation to build. */
export function builtAttribute({ image, output }: Target): readonly string[] {
  return image ?? output ?? ['system', 'build', 'toplevel'];
}
