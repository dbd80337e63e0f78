import * as pulumi from '@pulumi/pulumi';
import type { DeploymentInputs, LiveState } from '../schema/deployment.ts';
import { formatFacts, type HostFacts } from '../schema/facts.ts';
import type { HealthCheckArgs } from '../schema/health-check.ts';
import { type ConnectionArgs, withSecretPassword } from './connection.ts';

/** Arguments of a deployment; what the schema gives a default for may be left out. */
export type DeploymentArgs = {
  [key in keyof Omit<DeploymentInputs, 'connection' | 'facts' | 'healthChecks'>]?: pulumi.Input<
    DeploymentInputs[key]
  >;
} & {
  host: string;
  system: pulumi.Input<string>;
  connection: pulumi.Input<ConnectionArgs>;
  facts?: HostFacts;
  healthChecks?: Record<string, HealthCheckArgs>;
};

/** Makes one machine run one system: copies the closure, switches under the supervisor, records what is live. */
export class Deployment extends pulumi.CustomResource {
  declare readonly system: pulumi.Output<string>;
  /** What was read from the machine after the last operation. */
  declare readonly live: pulumi.Output<LiveState>;

  constructor(name: string, args: DeploymentArgs, options?: pulumi.CustomResourceOptions) {
    const facts = args.facts && formatFacts(args.facts);
    // The SDK spends time on each argument, and on those that are undefined no less.
    const given = Object.fromEntries(
      Object.entries({ ...args, facts, connection: withSecretPassword(args.connection) }).filter(
        ([, value]) => value !== undefined,
      ),
    );
    super('nixos:index:Deployment', name, { ...given, live: undefined }, options);
  }
}
