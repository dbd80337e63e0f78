import type { BuildersArgs } from '../schema/builder.ts';
import type { LiveState } from '../schema/deployment.ts';
import type { FleetEvaluation, HostEvaluation } from '../schema/evaluation.ts';
import { Component, changesNoMachine } from './component.ts';
import { deploymentOrder } from './deployment-order.ts';
import { Host, type HostArgs } from './host.ts';
import { Kernel, kernelArgs } from './kernel.ts';
import { kernelNames } from './kernel-names.ts';
import { LiveSystems } from './live-systems.ts';
import * as pulumi from './pulumi.ts';
import type { RolloutArgs } from './rollout.ts';

/** Settings of one machine; its configuration comes from the flake. */
export interface FleetHost extends Omit<HostArgs, 'evaluated' | 'revision' | 'kernel' | 'order'> {
  /** What the machine is for, shown in the summary. */
  description?: string;
  /** Resources to create first, such as the machine itself. */
  dependsOn?: pulumi.Resource[];
  /**
   * Whether it is declared as the state records it, and no part of this run.
   * @default false
   */
  isRecorded?: boolean;
}

export interface FleetArgs {
  /** What `evaluateFleet` returned for these hosts. */
  evaluation: FleetEvaluation;
  hosts: Record<string, FleetHost>;
  /** In which waves the machines are deployed to. @default all at once */
  rollout?: RolloutArgs | undefined;
  /** Errors of other evaluations of the stack, with which the program fails at the end. */
  failures?: readonly string[];
  /** Machines that may build the systems and kernels, by name. */
  builders?: BuildersArgs;
  /**
   * Live system of each machine, in previews and updates. It becomes part of a saved plan, so that Pulumi refuses the plan
   * if a machine runs another system by then.
   */
  liveSystems?: Readonly<Record<string, string>>;
}

/** A machine in the stack's output `machines`. */
export interface MachineSummary {
  /** The machine's purpose. */
  description?: string;
  generation: number;
  /** Store path of the live system. */
  system: string;
  /** Live specialisation; empty for none. */
  specialisation: string;
  /** Store path of the booted system. */
  booted: string;
  /** Version of the running kernel. */
  kernel: string;
  rebootDue: boolean;
  /** Revision of the flake that was deployed. */
  revision: string;
  /** When the live system was activated: ISO 8601, UTC. */
  since: string;
  /** Services that the configuration enables, without `.service`. */
  services: string[];
}

/**
 * Machines that are deployed together from one flake. A machine whose configuration cannot be evaluated is skipped: the
 * others are deployed, and the program fails at its end with all errors.
 *
 * Options reach the machines as docs/resource-options.md lists them; `hooks` are those of each machine's deployment.
 */
export class Fleet extends Component {
  readonly hosts: Readonly<Record<string, Host>>;
  /** What each machine runs, for a stack output. */
  readonly machines: pulumi.Output<Record<string, MachineSummary>>;
  /** The latest deployments of each machine by anyone, newest first, as text. */
  readonly history: pulumi.Output<Record<string, string[]>>;
  /**
   * Rejects with the errors of the machines that could not be evaluated, once the others are deployed: `await` it at the
   * end of the program.
   */
  readonly completed: Promise<void>;

  constructor(name: string, args: FleetArgs, options?: pulumi.ComponentResourceOptions) {
    const { hooks, ...own } = options ?? {};
    super('Fleet', name, own);
    const kernels = this.#kernels(args);
    const hosts: Record<string, Host> = {};
    const summaries: Record<string, pulumi.Output<MachineSummary>> = {};
    const failures: string[] = [...(args.failures ?? [])];
    const first = args.liveSystems
      ? [new LiveSystems(name, args.liveSystems, { parent: this, ...changesNoMachine })]
      : [];
    for (const { hosts: names, order, end } of deploymentOrder(name, args, this)) {
      for (const hostName of names) {
        const { dependsOn = [], description, isRecorded: _, ...settings } = args.hosts[hostName] as FleetHost;
        const evaluated = args.evaluation.hosts[hostName];
        if (!evaluated?.ok) {
          failures.push(evaluated?.error.message ?? `${hostName}: was not evaluated`);
          continue;
        }
        const kernel = evaluated.kernel ? kernels[evaluated.kernel] : undefined;
        const revision = args.evaluation.revision || evaluated.revision;
        const host = new Host(
          hostName,
          { evaluated, revision, builders: args.builders, ...settings, kernel, order },
          { parent: this, dependsOn: [...first, ...dependsOn], hooks },
        );
        for (const warning of evaluated.warnings) void pulumi.log.warn(`${hostName}: ${warning}`, host);
        hosts[hostName] = host;
        summaries[hostName] = host.live.apply((live) => ({ description, ...summary(live, evaluated) }));
      }
      end(hosts);
    }
    this.hosts = hosts;
    this.machines = pulumi.all(summaries);
    this.history = pulumi.all(
      Object.fromEntries(
        Object.entries(hosts).map(([hostName, { live }]) => [
          hostName,
          live.apply(({ history = '' }) => history.split('\n').filter(Boolean)),
        ]),
      ),
    );
    this.#retain(args);
    this.end({ machines: this.machines, history: this.history });
    this.completed = failures.length > 0 ? this.#failAtEnd(failures) : Promise.resolve();
  }

  /** Caches collect garbage once all machines are deployed. */
  #retain({ hosts: declared }: FleetArgs): void {
    const hosts = Object.entries(this.hosts);
    const caches = new Set(hosts.flatMap(([name]) => declared[name]?.caches ?? []));
    for (const cache of caches) {
      const served = hosts.filter(([name]) => declared[name]?.caches?.includes(cache));
      const machines = served.map(([name, { deployment, live }]) => {
        const systems = live.apply(({ system, booted, profileSystem }) =>
          [...new Set([system, booted, profileSystem])].filter(Boolean).sort(),
        );
        const connection = declared[name]?.connection ?? {};
        return [name, { connection, machineId: deployment.id, systems }] as const;
      });
      cache.retain?.(Object.fromEntries(machines), { dependsOn: served.map(([, host]) => host) });
    }
  }

  #kernels({ evaluation, builders }: FleetArgs): Record<string, Kernel> {
    const users: Record<string, string[]> = {};
    const drvPaths: Record<string, string> = {};
    for (const [host, evaluated] of Object.entries(evaluation.hosts)) {
      const facts = evaluated.ok && evaluated.kernel ? evaluation.kernels[evaluated.kernel] : undefined;
      if (!facts) continue;
      drvPaths[facts.outPath] = facts.drvPath;
      users[facts.outPath] = [...(users[facts.outPath] ?? []), host];
    }
    const kernels: Record<string, Kernel> = {};
    for (const [outPath, kernelName] of Object.entries(kernelNames(users))) {
      const drvPath = drvPaths[outPath] ?? '';
      const facts = evaluation.kernels[drvPath];
      if (facts)
        kernels[drvPath] = new Kernel(kernelName, kernelArgs(facts, users[outPath], builders), {
          parent: this,
          ...changesNoMachine,
        });
    }
    return kernels;
  }

  async #failAtEnd(failures: string[]): Promise<never> {
    await new Promise<void>((resolve) => {
      this.machines.apply(() => resolve());
      // In a preview of new machines the summaries stay unknown and the callback above never runs.
      pulumi.all(Object.values(this.hosts).map((host) => host.deployment.urn)).apply(() => {
        if (pulumi.isDryRun()) resolve();
      });
    });
    // What failed alike has one message.
    throw new pulumi.RunError([...new Set(failures)].join('\n'));
  }
}

function summary(live: LiveState, evaluated: Extract<HostEvaluation, { ok: true }>): MachineSummary {
  const { generation, system, specialisation = '', booted, kernel, rebootDue, revision, since } = live;
  const services = Object.entries(evaluated.facts.units)
    .filter(([unit, state]) => unit.endsWith('.service') && state.startsWith('enabled'))
    .map(([unit]) => unit.replace(/\.service$/, ''));
  return { generation, system, specialisation, booted, kernel, rebootDue, revision, since, services };
}
