import { type BuildersArgs, formatBuilders } from '../schema/builder.ts';
import { type DeploymentSettings, deploymentSettings } from '../schema/deployment.ts';
import { formatFacts, type HostFacts } from '../schema/facts.ts';
import type { CacheSource } from './binary-cache.ts';
import { Substituters } from './cache-resources.ts';
import { Component, changesNoMachine } from './component.ts';
import type { ConnectionArgs } from './connection.ts';
import { Deployment } from './deployment.ts';
import { declareHostCommands, type HostCommandsArgs } from './host-commands.ts';
import type { Kernel } from './kernel.ts';
import { MachineBuilders, type MachineBuildersArgs } from './machine-builders.ts';
import * as pulumi from './pulumi.ts';
import { type HostRehearsal, Rehearsal } from './rehearsal.ts';
import { Delivery } from './rollout.ts';
import { type HostSecret, Secret, Secrets } from './secret.ts';
import { System } from './system.ts';

/**
 * A machine to deploy to. The other properties are settings of the deployment: see schema/deployment.ts and
 * docs/reference.md for their meaning and defaults.
 */
export interface HostArgs extends DeploymentSettings, HostCommandsArgs {
  /** The system as evaluated: its derivation, its store path, its facts. */
  evaluated: { drvPath: string; outPath: string; facts: HostFacts };
  /** Revision of the flake; empty where unknown. */
  revision?: string;
  connection: pulumi.Input<ConnectionArgs>;
  /** Machine-id that the machine must have; without it, the first machine reached is adopted. */
  machineId?: pulumi.Input<string | undefined>;
  /** Files whose content is kept out of the Nix store, by name. */
  secrets?: Record<string, HostSecret>;
  /**
   * Whether the secrets are one resource `Secrets` instead of a `Secret` each; those with `when: after` are a second one.
   * @default false
   */
  groupSecrets?: boolean;
  /** Built before the system; hosts with the same kernel share it. */
  kernel?: Kernel;
  /** Machines that may build the system, by name. */
  builders?: BuildersArgs;
  /** Builders for builds that the machine itself starts, by name. */
  machineBuilders?: MachineBuildersArgs['builders'];
  /** Its `config.system.build.vm`, booted on the operator's computer before the deployment. */
  rehearsal?: HostRehearsal;
  /** Binary caches that the machine fetches from, and that its system is pushed to. */
  caches?: readonly CacheSource[];
  /** When the machine is touched, in a rollout. @default as soon as its system is built */
  order?: HostOrder;
}

/** When a machine is touched. Its system is built without waiting. */
export interface HostOrder {
  /** Resources that come before anything that changes the machine. */
  touchAfter: pulumi.Resource[];
  /** Resources that come before its system is delivered by a resource of its own. @default no such resource */
  deliverAfter?: pulumi.Resource[];
  /** More resources that come before its switch. */
  switchAfter?: Promise<pulumi.Resource[]>;
}

/**
 * One NixOS machine: its system is built, then deployed. The option `hooks` is that of its deployment.
 *
 * @example
 * const evaluation = await evaluateFleet({ flake: './nix', baseDirectory: process.cwd(), hosts: { web: 'web' } });
 * const web = evaluation.hosts.web;
 * if (web?.ok) new Host('web', { evaluated: web, connection: { address: 'web.example.org' } });
 */
export class Host extends Component {
  readonly #name: string;
  readonly system: System;
  readonly deployment: Deployment;
  /** Files that are copied and commands that run before its deployment. */
  readonly commandsBefore: pulumi.Resource[];
  /** Its delivery, where that is a resource of its own. */
  readonly delivery: Delivery | undefined;
  /** The machine's live system. */
  readonly live: Deployment['live'];

  constructor(name: string, args: HostArgs, options?: pulumi.ComponentResourceOptions) {
    const { hooks, ...own } = options ?? {};
    super('Host', name, own);
    this.#name = name;
    const { drvPath, outPath, facts } = args.evaluated;
    const builders = args.builders && formatBuilders(args.builders);
    this.system = new System(
      name,
      { host: name, drvPath, outPath, builders },
      { parent: this, dependsOn: args.kernel ? [args.kernel] : [], ...changesNoMachine },
    );
    const { touchAfter = [], switchAfter } = args.order ?? {};
    this.#builders(args);
    const secrets = this.#secrets(args, 'before', touchAfter);
    const around = declareHostCommands(this, name, args);
    const caches = this.#caches(args);
    this.delivery = this.#delivery(args, drvPath, caches);
    // A machine whose system does not build is not touched.
    this.commandsBefore = around({
      when: 'before',
      dependsOn: [...touchAfter, this.system, ...secrets],
      triggers: () => [outPath],
    });
    const before = [
      ...touchAfter,
      ...secrets,
      ...caches,
      ...this.#rehearsal(args),
      ...(this.delivery ? [this.delivery] : []),
      ...this.commandsBefore,
    ];
    const dependsOn: pulumi.Input<pulumi.Resource[]> = switchAfter
      ? Promise.all([before, switchAfter]).then((all) => all.flat())
      : before;
    const isEvaluated = this.#isEvaluated(outPath);
    const text = formatFacts(facts);
    this.deployment = new Deployment(
      name,
      {
        host: name,
        connection: args.connection,
        system: this.system.outPath,
        drvPath: isEvaluated.apply((is) => (is ? drvPath : undefined)),
        revision: isEvaluated.apply((is) => (is ? (args.revision ?? '') : '')),
        facts: isEvaluated.apply((is) => (is ? text : undefined)),
        machineId: args.machineId,
        ...settingsOf(args),
      },
      // `pulumi import nixos:index:Deployment <name> …` puts it directly under the stack.
      {
        parent: this,
        dependsOn,
        hooks,
        aliases: [{ parent: pulumi.rootStackResource }],
      },
    );
    this.live = this.deployment.live;
    const after = [this.deployment, ...this.#secrets(args, 'after', [this.deployment])];
    around({ when: 'after', dependsOn: after, triggers: () => [this.generation] });
    this.end({ live: this.live });
  }

  /**
   * Whether the built system is the evaluated one. With `--target` of a deployment alone it is an earlier one, and facts of another
   * system must not be recorded with it.
   */
  #isEvaluated(outPath: string): pulumi.Output<boolean> {
    return this.system.outPath.apply((path) => {
      if (path === outPath) return true;
      const what = `${this.#name}: the evaluated system is not built by this update, so an earlier one is deployed`;
      void pulumi.log.warn(`${what}. Target the System and the Deployment of ${this.#name} together`, this);
      return false;
    });
  }

  /** Number of the live generation; use it in `triggers` of commands that run after a deployment. */
  get generation(): pulumi.Output<number> {
    return this.live.apply(({ generation }) => generation);
  }

  /** The virtual machine has the connection settings and health checks of the machine. */
  #rehearsal({ rehearsal, connection, healthChecks, evaluated }: HostArgs): Rehearsal[] {
    if (!rehearsal) return [];
    const { address, user, identityFile } = pulumi.output(connection) as unknown as Record<
      string,
      pulumi.Output<string>
    >;
    const sshPort = Number(Object.keys(evaluated.facts.sshd.ports)[0] ?? 22);
    const args = { ...rehearsal, host: this.#name, address, user, identityFile, sshPort, healthChecks };
    return [new Rehearsal(this.#name, args, { parent: this, dependsOn: [this.system], ...changesNoMachine })];
  }

  /** The deployment does not depend on them, as they build nothing for it. */
  #builders({ machineBuilders = {}, connection, machineId, takeOverFrom, order }: HostArgs): void {
    if (Object.keys(machineBuilders).length === 0) return;
    const args = { host: this.#name, connection, machineId, takeOverFrom, builders: machineBuilders };
    new MachineBuilders(this.#name, args, { parent: this, dependsOn: order?.touchAfter ?? [] });
  }

  /** What the machine needs before it can fetch its system from the caches. */
  #caches({
    caches = [],
    connection,
    machineId,
    takeOverFrom,
    delivery,
    order,
  }: HostArgs): pulumi.Resource[] {
    const pushed = caches.flatMap(
      (cache) => cache.push?.(this.#name, this.system.outPath, { parent: this }) ?? [],
    );
    const used = caches.filter(({ servedBy }) => servedBy !== this.#name);
    const entries = used.map(({ name, url, publicKeys, priority = 30 }) => [
      name,
      { url, publicKeys, priority },
    ]);
    const args = {
      host: this.#name,
      connection,
      machineId,
      takeOverFrom,
      caches: Object.fromEntries(entries),
    };
    const dependsOn = order?.deliverAfter ?? order?.touchAfter ?? [];
    const file = used.length > 0 ? [new Substituters(this.#name, args, { parent: this, dependsOn })] : [];
    // A copied system does not depend on a cache.
    return delivery === 'copy' ? file : [...file, ...pushed];
  }

  #delivery(args: HostArgs, drvPath: string, caches: pulumi.Resource[]): Delivery | undefined {
    const { connection, machineId, order } = args;
    if (!order?.deliverAfter) return undefined;
    const { delivery } = settingsOf(args);
    return new Delivery(
      this.#name,
      { host: this.#name, connection, machineId, system: this.system.outPath, drvPath, delivery },
      { parent: this, dependsOn: [...order.deliverAfter, ...caches], ...changesNoMachine },
    );
  }

  #secrets(
    { secrets = {}, groupSecrets, connection, machineId, takeOverFrom }: HostArgs,
    when: 'before' | 'after',
    dependsOn: pulumi.Resource[],
  ): pulumi.Resource[] {
    const host = { host: this.#name, connection, machineId, takeOverFrom, when };
    const options = { parent: this, dependsOn };
    const files = Object.entries(secrets)
      .filter(([, secret]) => (secret.when ?? 'before') === when)
      .map(([name, { when: _, path = `/run/keys/${name}`, ...secret }]) => ({ name, path, ...secret }));
    if (!groupSecrets)
      return files.map(
        ({ name, ...file }) => new Secret(`${this.#name}-${name}`, { ...host, ...file }, options),
      );
    if (files.length === 0) return [];
    const byName = Object.fromEntries(files.map(({ name, ...file }) => [name, file]));
    const name = when === 'before' ? this.#name : `${this.#name}-after`;
    return [new Secrets(name, { ...host, files: byName }, options)];
  }
}

/** The arguments of a host that are settings of its deployment. */
function settingsOf(args: HostArgs): DeploymentSettings {
  const names = Object.keys(deploymentSettings.shape) as (keyof DeploymentSettings)[];
  const settings: DeploymentSettings = Object.fromEntries(names.map((name) => [name, args[name]]));
  return { ...settings, delivery: settings.delivery ?? (args.caches?.length ? 'auto' : undefined) };
}
