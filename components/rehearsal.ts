import type * as z from 'zod';
import type { HealthCheckArgs } from '../schema/health-check.ts';
import type { RehearsalInputs, rehearsalSettings } from '../schema/rehearsal.ts';
import * as pulumi from './pulumi.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

/** Arguments of a rehearsal. */
export type RehearsalArgs = ResourceArgs<
  Omit<RehearsalInputs, 'healthChecks'>,
  'stack' | 'host' | 'drvPath' | 'outPath'
> & { healthChecks?: Record<string, HealthCheckArgs> };

/** Settings of a host's rehearsal that do not come from the host itself. */
export type HostRehearsal = Pick<RehearsalArgs, 'stack' | 'drvPath' | 'outPath'> &
  z.input<typeof rehearsalSettings>;

/** Boots a system once in a temporary virtual machine on the operator's computer; fails if it is not healthy. */
export class Rehearsal extends pulumi.CustomResource {
  /** Version of the kernel that ran. */
  declare readonly kernel: pulumi.Output<string>;
  declare readonly rehearsedAt: pulumi.Output<string>;

  constructor(name: string, args: RehearsalArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:Rehearsal', name, registered(args, ['kernel', 'rehearsedAt']), options);
  }
}
