import type * as z from 'zod';
import type { DeliveryInputs } from '../schema/delivery.ts';
import type { HealthCheckArgs } from '../schema/health-check.ts';
import type { plannedWave } from '../schema/rollout.ts';
import { type ConnectionArgs, withSecretPassword } from './connection.ts';
import * as pulumi from './pulumi.ts';
import { type ResourceArgs, registered } from './resource-args.ts';

/** What must hold after a wave. */
export interface GateArgs {
  check: HealthCheckArgs;
  /** Name of the machine that is checked. @default none: a command runs on this computer */
  on?: string;
  /** How that machine is reached. */
  connection?: pulumi.Input<ConnectionArgs>;
}

/** One wave of a rollout; what has a default may be left out. See docs/rollouts.md. */
export type WavePlan = Omit<z.input<typeof plannedWave>, 'gates'> & { gates?: Record<string, GateArgs> };

/** In which waves the machines of a fleet are deployed to. */
export interface RolloutArgs {
  /**
   * When systems are delivered: with the deployments of each wave, or all before the first switch.
   * @default 'wave'
   */
  stage?: 'wave' | 'all';
  waves: readonly WavePlan[];
  /** Hosts that could not even be declared; they count as failed in their waves. @default none */
  unevaluated?: readonly string[];
}

/** The waves in which machines are deployed to, known to the provider before the first of them. */
export class Rollout extends pulumi.CustomResource {
  constructor(
    name: string,
    { stage, waves, skipped, unevaluated }: RolloutArgs & { skipped?: readonly string[] },
    options?: pulumi.CustomResourceOptions,
  ) {
    const planned = waves.map(({ gates = {}, ...wave }) => ({
      ...wave,
      gates: Object.fromEntries(
        Object.entries(gates).map(([gate, { connection, ...rest }]) => [
          gate,
          { ...rest, connection: connection && withSecretPassword(connection) },
        ]),
      ),
    }));
    super('nixos:index:Rollout', name, registered({ stage, waves: planned, skipped, unevaluated }), options);
  }
}

/** A machine of a wave. */
export interface WaveMachine {
  /** Store path of the system that it is to run. */
  system: pulumi.Input<string>;
  connection: pulumi.Input<ConnectionArgs>;
  healthChecks?: Record<string, HealthCheckArgs>;
}

/** The gate after one wave. */
export class Wave extends pulumi.CustomResource {
  /** When it was passed: ISO 8601, UTC. */
  declare readonly passed: pulumi.Output<string>;

  constructor(
    name: string,
    {
      wave,
      machines,
      unevaluated,
    }: { wave: string; machines: Record<string, WaveMachine>; unevaluated?: string[] },
    options?: pulumi.CustomResourceOptions,
  ) {
    const reached = Object.entries(machines).map(([host, { connection, ...machine }]) => [
      host,
      { ...machine, connection: withSecretPassword(connection) },
    ]);
    super(
      'nixos:index:Wave',
      name,
      registered({ wave, machines: Object.fromEntries(reached), unevaluated }, ['passed', 'failed']),
      options,
    );
  }
}

export type DeliveryArgs = ResourceArgs<DeliveryInputs, 'host' | 'connection' | 'system'>;

/** A system in a machine's store, before any machine is switched. */
export class Delivery extends pulumi.CustomResource {
  constructor(name: string, args: DeliveryArgs, options?: pulumi.CustomResourceOptions) {
    super('nixos:index:Delivery', name, registered(args), options);
  }
}
