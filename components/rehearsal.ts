import * as pulumi from '@pulumi/pulumi';
import type { z } from 'zod';
import type { HealthCheckArgs } from '../schema/health-check.ts';
import type { RehearsalInputs, rehearsalSettings } from '../schema/rehearsal.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

/** Arguments of a rehearsal. */
export type RehearsalArgs = ResourceArgs<
  Omit<RehearsalInputs, 'healthChecks'>,
  'stack' | 'host' | 'drvPath' | 'outPath'
> & { healthChecks?: Record<string, HealthCheckArgs> };

/** What a host's rehearsal is made of, beside what the host itself tells. */
export type HostRehearsal = Pick<RehearsalArgs, 'stack' | 'drvPath' | 'outPath'> &
  z.input<typeof rehearsalSettings>;

/** Boots a system in a throw-away virtual machine on the operator's computer, once, and fails where it is not healthy. */
export class Rehearsal extends pulumi.CustomResource {
  /** Kernel that ran. */
  declare readonly kernel: pulumi.Output<string>;
  declare readonly rehearsedAt: pulumi.Output<string>;

  constructor(name: string, args: RehearsalArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:Rehearsal', name, registered(args, ['kernel', 'rehearsedAt']), options);
  }
}
