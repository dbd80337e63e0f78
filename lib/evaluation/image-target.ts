/** What is evaluated of a flake for one name: a machine's system, or an image made of its configuration. */
export interface Target {
  /** Attribute under nixosConfigurations. */
  configuration: string;
  /** Attribute path of an image under the configuration's `config`; absent for the machine's own system. */
  image?: readonly string[];
}

/** Images and hosts may have the same names: no host's name has a blank. */
export function imageKey(name: string): string {
  return `image ${name}`;
}

/** The target as nix/facts.nix takes it: an attribute, or JSON. */
export function formatTarget({ configuration, image }: Target): string {
  return image ? JSON.stringify({ configuration, image }) : configuration;
}

export function parseTarget(text: string): Target {
  return text.startsWith('{') ? (JSON.parse(text) as Target) : { configuration: text };
}

/** Attribute path of what is built. */
export function builtAttribute({ image }: Target): readonly string[] {
  return image ?? ['system', 'build', 'toplevel'];
}
