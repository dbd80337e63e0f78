import * as pulumi from '@pulumi/pulumi';
import type { HostFacts } from '../schema/facts.ts';
import { type ConnectionArgs, Deployment } from './deployment.ts';
import type { Kernel } from './kernel.ts';
import { type HostSecret, Secret } from './secret.ts';
import { System } from './system.ts';

export interface HostArgs {
  /** The system as evaluated: its derivation, its store path, its facts. */
  evaluated: { drvPath: string; outPath: string; facts: HostFacts };
  /** Revision of the flake; empty where unknown. */
  revision?: string;
  connection: pulumi.Input<ConnectionArgs>;
  /** Machine-id that the machine must have; without it, the machine met first is the one. */
  machineId?: pulumi.Input<string>;
  /** Files whose content enters no Nix store, by name. */
  secrets?: Record<string, HostSecret>;
  /** Built before the system; hosts with the same kernel share it. */
  kernel?: Kernel;
  /** @default 120 */
  confirmTimeoutSeconds?: number;
}

/**
 * One NixOS machine: its system is built, then deployed.
 *
 * @example
 * const evaluation = await evaluateFleet({ flake: './nix', baseDirectory: process.cwd(), hosts: { web: 'web' } });
 * new Host('web', { evaluated: evaluated(evaluation, 'web'), connection: { address: 'web.example.org' } });
 */
export class Host extends pulumi.ComponentResource {
  readonly system: System;
  readonly deployment: Deployment;
  /** What is live on the machine. */
  readonly live: Deployment['live'];

  constructor(name: string, args: HostArgs, options?: pulumi.ComponentResourceOptions) {
    super('nixos-fleet:index:Host', name, {}, options);
    const { drvPath, outPath, facts } = args.evaluated;
    this.system = new System(
      name,
      { host: name, drvPath, outPath },
      { parent: this, dependsOn: args.kernel ? [args.kernel] : [] },
    );
    this.deployment = new Deployment(
      name,
      {
        host: name,
        connection: args.connection,
        system: this.system.outPath,
        drvPath,
        revision: args.revision ?? '',
        facts,
        machineId: args.machineId,
        confirmTimeoutSeconds: args.confirmTimeoutSeconds,
      },
      // `pulumi import nixos:index:Deployment <name> …` puts it directly under the stack: found there too.
      { parent: this, aliases: [{ parent: pulumi.rootStackResource }] },
    );
    this.live = this.deployment.live;
    this.registerOutputs({});
  }

  /** Number of the live generation; use it in `triggers` of commands that run after a deployment. */
  get generation(): pulumi.Output<number> {
    return this.live.apply(({ generation }) => generation);
  }
}
