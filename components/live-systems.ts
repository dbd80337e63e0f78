import * as pulumi from '@pulumi/pulumi';

/**
 * What the machines ran when Pulumi ran, by machine. It is never a change; but a saved plan holds it, and Pulumi refuses
 * a plan where it has become another.
 */
export class LiveSystems extends pulumi.CustomResource {
  constructor(name: string, systems: Record<string, string>, options?: pulumi.CustomResourceOptions) {
    const inputs = Object.entries(systems).map(([machine, system]) => [`${machine} runs`, system]);
    super('nixos:index:LiveSystems', name, Object.fromEntries(inputs), options);
  }
}
