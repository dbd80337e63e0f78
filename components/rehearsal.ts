import * as pulumi from '@pulumi/pulumi';
import type { RehearsalInputs } from '../schema/rehearsal.ts';

/** Arguments of a rehearsal; what the schema gives a default for may be left out. */
export type RehearsalArgs = Partial<{ [key in keyof RehearsalInputs]: pulumi.Input<RehearsalInputs[key]> }> &
  Pick<RehearsalInputs, 'stack' | 'host' | 'drvPath' | 'outPath'>;

/** What a host's rehearsal is made of, beside what the host itself tells. */
export type HostRehearsal = Pick<
  RehearsalArgs,
  'stack' | 'drvPath' | 'outPath' | 'cores' | 'memoryMiB' | 'startTimeoutSeconds'
>;

/** Boots a system in a throw-away virtual machine on the operator's computer, once, and fails where it is not healthy. */
export class Rehearsal extends pulumi.CustomResource {
  /** Kernel that ran. */
  declare readonly kernel: pulumi.Output<string>;
  declare readonly rehearsedAt: pulumi.Output<string>;

  constructor(name: string, args: RehearsalArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:Rehearsal', name, { ...args, kernel: undefined, rehearsedAt: undefined }, options);
  }
}
