import * as pulumi from './pulumi.ts';

/**
 * The live systems when Pulumi ran, by machine. They never show as a change, but Pulumi refuses a saved plan if they differ
 * from those in it.
 */
export class LiveSystems extends pulumi.CustomResource {
  constructor(name: string, systems: Record<string, string>, options?: pulumi.CustomResourceOptions) {
    const inputs = Object.entries(systems).map(([machine, system]) => [`${machine} runs`, system]);
    super('nixos:index:LiveSystems', name, Object.fromEntries(inputs), options);
  }
}
