import type { FleetHost, RolloutArgs } from '../components/index.ts';
import * as pulumi from '../components/pulumi.ts';
import { mapValues } from '../lib/base/map-values.ts';
import { rolloutPlan } from './config/rollout.ts';
import { warn } from './log.ts';
import type { Stack } from './read-stack.ts';

/** The stack's rollout with the connections of the machines that its gates check; undefined without one. */
export function declareRollout(
  { config, hosts: settings }: Stack,
  hosts: Readonly<Record<string, FleetHost>>,
): RolloutArgs | undefined {
  if (!config.rollout) return undefined;
  const { stage, waves } = rolloutPlan(config.rollout, settings);
  for (const { name, hosts: own } of waves)
    if (own.length === 0 && pulumi.isDryRun())
      warn(`wave ${name} of the rollout has no host: it counts as passed`);
  return {
    stage,
    unevaluated: Object.keys(settings).filter((host) => !hosts[host]),
    waves: waves.map(({ gates = {}, ...wave }) => ({
      ...wave,
      gates: mapValues(gates, ({ on, ...gate }) => ({
        ...gate,
        on,
        connection: on === undefined ? undefined : hosts[on]?.connection,
      })),
    })),
  };
}
