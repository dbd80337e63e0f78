import type { FleetEvaluation } from '../schema/evaluation.ts';
import { changesNoMachine } from './component.ts';
import type { Host, HostArgs, HostOrder } from './host.ts';
import * as pulumi from './pulumi.ts';
import { Rollout, type RolloutArgs, Wave, type WaveMachine, type WavePlan } from './rollout.ts';

/** Machines that are declared after each other, with what they wait for. */
export interface Step {
  hosts: readonly string[];
  order?: HostOrder;
  /** To be called with the machines that were declared. */
  end: (declared: Readonly<Record<string, Host>>) => void;
}

export interface OrderArgs {
  evaluation: FleetEvaluation;
  hosts: Readonly<Record<string, Pick<HostArgs, 'connection' | 'healthChecks'> & { isRecorded?: boolean }>>;
  rollout?: RolloutArgs | undefined;
}

/** The machines of a fleet in the order of their waves; without a rollout they are one step, and wait for nothing. */
export function* deploymentOrder(
  name: string,
  { evaluation, hosts, rollout }: OrderArgs,
  parent: pulumi.Resource,
): Generator<Step> {
  if (!rollout) {
    yield { hosts: Object.keys(hosts), end: () => undefined };
    return;
  }
  const { stage = 'wave', unevaluated: undeclared = [] } = rollout;
  const waves = completeWaves(rollout.waves, [...Object.keys(hosts), ...undeclared]);
  assertParallel(waves);
  const skipped = Object.keys(hosts).filter((host) => hosts[host]?.isRecorded);
  // A canary that does not evaluate must not count as passed.
  const unevaluated = [...undeclared, ...Object.keys(hosts).filter((host) => !evaluation.hosts[host]?.ok)];
  const plan = { ...rollout, waves, skipped, unevaluated };
  let gate: pulumi.Resource = new Rollout(name, plan, { parent, ...changesNoMachine });
  const everywhere = Promise.withResolvers<pulumi.Resource[]>();
  const declared: Record<string, Host> = {};
  for (const wave of waves) {
    const inWave = Promise.withResolvers<pulumi.Resource[]>();
    const touchAfter = [gate];
    const order: HostOrder =
      stage === 'all'
        ? { touchAfter, deliverAfter: [], switchAfter: everywhere.promise }
        : wave.together
          ? { touchAfter, deliverAfter: touchAfter, switchAfter: inWave.promise }
          : { touchAfter };
    let own: Host[] = [];
    yield {
      hosts: wave.hosts.filter((host) => host in hosts && !skipped.includes(host)),
      order,
      end: (all) => {
        own = wave.hosts.flatMap((host) => all[host] ?? []);
        Object.assign(declared, all);
      },
    };
    inWave.resolve(deliveriesOf(own));
    const dependsOn = [gate, ...gateDependencies(wave, declared)];
    const machines = machinesOf(wave, { evaluation, hosts });
    const args = {
      wave: wave.name,
      machines,
      unevaluated: wave.hosts.filter((host) => unevaluated.includes(host)),
    };
    gate = new Wave(wave.name, args, { parent, dependsOn, ...changesNoMachine });
  }
  everywhere.resolve(deliveriesOf(Object.values(declared)));
  // The state may say that these depend on any of the waves. Pulumi would register such a wave with them, and refuse it afterwards.
  yield { hosts: skipped, order: { touchAfter: [gate] }, end: () => undefined };
}

function deliveriesOf(hosts: readonly Host[]): pulumi.Resource[] {
  return hosts.flatMap(({ delivery }) => delivery ?? []);
}

/**
 * What Pulumi waits for before the gate. Where machines may fail, it would never call a gate that depends on one that did: the
 * provider waits for them itself, and only for commands, which are another provider's, Pulumi does.
 */
function gateDependencies(
  { hosts, failuresAllowed = 0 }: WavePlan,
  declared: Readonly<Record<string, Host>>,
): pulumi.Resource[] {
  const own = hosts.flatMap((host) => declared[host] ?? []);
  return failuresAllowed > 0 ? own.flatMap(({ commandsBefore }) => commandsBefore) : own;
}

function machinesOf(
  { hosts: names }: WavePlan,
  { evaluation, hosts }: Pick<OrderArgs, 'evaluation' | 'hosts'>,
): Record<string, WaveMachine> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const [evaluated, host] = [evaluation.hosts[name], hosts[name]];
      if (!evaluated?.ok || !host) return [];
      const { connection, healthChecks } = host;
      return [[name, { system: evaluated.outPath, connection, healthChecks }] as const];
    }),
  );
}

/**
 * The waves with each host in the first that names it, and a last one, `rest`, of hosts that none names.
 * @throws pulumi.RunError where two waves have one name
 */
export function completeWaves(waves: readonly WavePlan[], hosts: readonly string[]): WavePlan[] {
  const left = new Set(hosts);
  const complete = waves.map((wave) => {
    const own = [...new Set(wave.hosts)].filter((host) => left.delete(host));
    return { ...wave, hosts: own };
  });
  if (left.size > 0) complete.push({ name: 'rest', hosts: [...left] });
  const names = complete.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new pulumi.RunError(`two waves of the rollout are named ${twice}: give them different names`);
  return complete;
}

/** A wave that is switched together needs an operation of Pulumi for each of its machines. */
function assertParallel(waves: readonly WavePlan[]): void {
  const parallel = Number(process.env.PULUMI_NODEJS_PARALLEL || 0);
  const largest = waves.filter(({ together }) => together).find(({ hosts }) => hosts.length > parallel);
  if (parallel > 0 && largest)
    throw new pulumi.RunError(
      `the wave ${largest.name} switches ${largest.hosts.length} machines together, and Pulumi runs ${parallel} operations at once: add --parallel ${largest.hosts.length}`,
    );
}
