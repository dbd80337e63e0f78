import * as pulumi from '@pulumi/pulumi';
import { type BuildersArgs, formatBuilders } from '../schema/builder.ts';
import { type DeploymentSettings, deploymentSettings } from '../schema/deployment.ts';
import type { HostFacts } from '../schema/facts.ts';
import type { CacheSource } from './binary-cache.ts';
import { Substituters } from './cache-resources.ts';
import type { ConnectionArgs } from './connection.ts';
import { Deployment } from './deployment.ts';
import { declareHostCommands, type HostCommandsArgs } from './host-commands.ts';
import type { Kernel } from './kernel.ts';
import { MachineBuilders, type MachineBuildersArgs } from './machine-builders.ts';
import { type HostRehearsal, Rehearsal } from './rehearsal.ts';
import { type HostSecret, Secret } from './secret.ts';
import { System } from './system.ts';

/**
 * A machine to deploy to. What is not described here are the settings of a deployment, each with its meaning and default
 * in schema/deployment.ts and in docs/reference.md.
 */
export interface HostArgs extends DeploymentSettings, HostCommandsArgs {
  /** The system as evaluated: its derivation, its store path, its facts. */
  evaluated: { drvPath: string; outPath: string; facts: HostFacts };
  /** Revision of the flake; empty where unknown. */
  revision?: string;
  connection: pulumi.Input<ConnectionArgs>;
  /** Machine-id that the machine must have; without it, the machine met first is the one. */
  machineId?: pulumi.Input<string | undefined>;
  /** Files whose content enters no Nix store, by name. */
  secrets?: Record<string, HostSecret>;
  /** Built before the system; hosts with the same kernel share it. */
  kernel?: Kernel;
  /** Machines that may build the system, by name. */
  builders?: BuildersArgs;
  /** Builders that the machine's own Nix builds with, by name. */
  machineBuilders?: MachineBuildersArgs['builders'];
  /** Its `config.system.build.vm`, to be booted on the operator's computer before the machine is touched. */
  rehearsal?: HostRehearsal;
  /** Binary caches that the machine asks, and that its system is pushed to. */
  caches?: readonly CacheSource[];
}

/**
 * One NixOS machine: its system is built, then deployed.
 *
 * @example
 * const evaluation = await evaluateFleet({ flake: './nix', baseDirectory: process.cwd(), hosts: { web: 'web' } });
 * const web = evaluation.hosts.web;
 * if (web?.ok) new Host('web', { evaluated: web, connection: { address: 'web.example.org' } });
 */
export class Host extends pulumi.ComponentResource {
  readonly #name: string;
  readonly system: System;
  readonly deployment: Deployment;
  /** What is live on the machine. */
  readonly live: Deployment['live'];

  constructor(name: string, args: HostArgs, options?: pulumi.ComponentResourceOptions) {
    super('nixos-fleet:index:Host', name, {}, options);
    this.#name = name;
    const { drvPath, outPath, facts } = args.evaluated;
    const builders = args.builders && formatBuilders(args.builders);
    this.system = new System(
      name,
      { host: name, drvPath, outPath, builders },
      { parent: this, dependsOn: args.kernel ? [args.kernel] : [] },
    );
    this.#builders(args);
    const secrets = this.#secrets(args, 'before', []);
    const around = declareHostCommands(this, name, args);
    const before = [
      ...secrets,
      ...this.#caches(args),
      ...this.#rehearsal(args),
      // Nothing is done to a machine whose system does not build.
      ...around({ when: 'before', dependsOn: [this.system, ...secrets], triggers: () => [outPath] }),
    ];
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
        ...settingsOf(args),
      },
      // `pulumi import nixos:index:Deployment <name> …` puts it directly under the stack: found there too.
      {
        parent: this,
        dependsOn: before,
        aliases: [{ parent: pulumi.rootStackResource }],
      },
    );
    this.live = this.deployment.live;
    const after = [this.deployment, ...this.#secrets(args, 'after', [this.deployment])];
    around({ when: 'after', dependsOn: after, triggers: () => [this.generation] });
    this.registerOutputs({});
  }

  /** Number of the live generation; use it in `triggers` of commands that run after a deployment. */
  get generation(): pulumi.Output<number> {
    return this.live.apply(({ generation }) => generation);
  }

  /** What the machine's own connection and checks say holds for its virtual machine too. */
  #rehearsal({ rehearsal, connection, healthChecks, evaluated }: HostArgs): Rehearsal[] {
    if (!rehearsal) return [];
    const { address, user, identityFile } = pulumi.output(connection) as unknown as Record<
      string,
      pulumi.Output<string>
    >;
    const sshPort = Number(Object.keys(evaluated.facts.sshd.ports)[0] ?? 22);
    const args = { ...rehearsal, host: this.#name, address, user, identityFile, sshPort, healthChecks };
    return [new Rehearsal(this.#name, args, { parent: this, dependsOn: [this.system] })];
  }

  /** Nothing waits for them: what the fleet deploys is built elsewhere. */
  #builders({ machineBuilders = {}, connection, machineId }: HostArgs): void {
    if (Object.keys(machineBuilders).length === 0) return;
    const args = { host: this.#name, connection, machineId, builders: machineBuilders };
    new MachineBuilders(this.#name, args, { parent: this });
  }

  /** What must be done before the machine can ask its caches for its system. */
  #caches({ caches = [], connection, machineId, delivery }: HostArgs): pulumi.Resource[] {
    const pushed = caches.flatMap(
      (cache) => cache.push?.(this.#name, this.system.outPath, { parent: this }) ?? [],
    );
    const asked = caches.filter(({ servedBy }) => servedBy !== this.#name);
    const told = asked.map(({ name, url, publicKeys, priority = 30 }) => [
      name,
      { url, publicKeys, priority },
    ]);
    const args = { host: this.#name, connection, machineId, caches: Object.fromEntries(told) };
    const file = asked.length > 0 ? [new Substituters(this.#name, args, { parent: this })] : [];
    // What is copied waits for no cache.
    return delivery === 'copy' ? file : [...file, ...pushed];
  }

  #secrets(
    { secrets = {}, connection, machineId }: HostArgs,
    when: 'before' | 'after',
    dependsOn: pulumi.Resource[],
  ): Secret[] {
    return Object.entries(secrets)
      .filter(([, secret]) => (secret.when ?? 'before') === when)
      .map(([name, { when: _, path = `/run/keys/${name}`, ...secret }]) => {
        const args = { host: this.#name, connection, machineId, path, ...secret };
        return new Secret(`${this.#name}-${name}`, args, { parent: this, dependsOn });
      });
  }
}

/** What of a host's arguments goes to its deployment as it is. */
function settingsOf(args: HostArgs): DeploymentSettings {
  const names = Object.keys(deploymentSettings.shape) as (keyof DeploymentSettings)[];
  const settings: DeploymentSettings = Object.fromEntries(names.map((name) => [name, args[name]]));
  return { ...settings, delivery: settings.delivery ?? (args.caches?.length ? 'auto' : undefined) };
}
