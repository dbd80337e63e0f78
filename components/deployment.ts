import type { DeploymentInputs, LiveState } from '../schema/deployment.ts';
import { formatFacts, type HostFacts } from '../schema/facts.ts';
import type { HealthCheckArgs } from '../schema/health-check.ts';
import * as pulumi from './pulumi.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

/** Arguments of a deployment. */
export type DeploymentArgs = ResourceArgs<
  Omit<DeploymentInputs, 'facts' | 'healthChecks'>,
  'host' | 'system' | 'connection'
> & {
  /** As text where they come from another resource: the SDK takes long to look into them. */
  facts?: HostFacts | pulumi.Output<string | undefined>;
  healthChecks?: Record<string, HealthCheckArgs>;
};

/** Deploys one system to one machine: copies the closure, activates it under the supervisor, records the live system. */
export class Deployment extends pulumi.CustomResource {
  declare readonly system: pulumi.Output<string>;
  /** The machine's state as read after the last operation. */
  declare readonly live: pulumi.Output<LiveState>;

  constructor(name: string, args: DeploymentArgs, options?: pulumi.CustomResourceOptions) {
    const { facts: given } = args;
    const facts = pulumi.Output.isInstance(given) ? given : given && formatFacts(given);
    super('nixos:index:Deployment', name, registered({ ...args, facts }, ['live']), options);
  }
}
