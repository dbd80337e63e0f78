import * as z from 'zod';
import { parseUrn } from '../../lib/base/urn.ts';
import { type HostFacts, parseFacts } from '../../schema/facts.ts';
import { type ExportedStack, resourcesOf } from '../exported-stack.ts';
import { parseDeployment, type ShownDeployment } from './deployments.ts';

/** What a machine runs, by the state or by a reading. */
interface Running {
  system: string;
  specialisation: string;
  booted: string;
  /** The system of the next boot. */
  next: string;
  generation: number;
  /** Version of the running kernel. */
  kernel: string;
  rebootDue: boolean;
  /** ISO 8601; empty if unknown. */
  since: string;
}

/** A machine as the state records it, without its connection and settings. */
export interface RecordedHost {
  name: string;
  description: string;
  /** Store path of the system that was deployed last. */
  desired: string;
  /** Undefined for a machine that was not deployed yet. */
  running: Running | undefined;
  revision: string;
  deployments: ShownDeployment[];
  facts: HostFacts | undefined;
}

export interface ShownWave {
  name: string;
  hosts: string[];
  /** How it is deployed to, in words. */
  settings: string[];
  /** When its gate was passed; undefined for never. */
  passed: string | undefined;
}

export interface ShownKernel {
  name: string;
  version: string;
  source: string;
  patches: string[];
  machines: string[];
  config: Record<string, string>;
}

export interface RecordedFleet {
  project: string;
  stack: string;
  hosts: RecordedHost[];
  waves: ShownWave[];
  kernels: ShownKernel[];
}

// Each value by itself: one that is secret, or of another version, is left out, and the rest is shown.
const text = z.string().catch('');
const texts = z.array(z.string()).catch([]);
const count = z.number().catch(0);

const live = z.object({
  system: text,
  specialisation: text,
  booted: text,
  profileSystem: text,
  generation: count,
  kernel: text,
  rebootDue: z.boolean().catch(false),
  revision: text,
  since: text,
  history: text,
});

const deployment = z.object({
  urn: z.string(),
  inputs: z.object({ host: text, system: text, facts: text }),
  outputs: z
    .object({ live: live.optional().catch(undefined), facts: text })
    .optional()
    .catch(undefined),
});

const stackOutputs = z.object({
  urn: z.string(),
  outputs: z
    .object({ machines: z.record(z.string(), z.object({ description: text }).catch({ description: '' })) })
    .catch({ machines: {} }),
});

const rollout = z.object({
  inputs: z.object({
    waves: z.array(
      z.object({
        name: z.string(),
        hosts: texts,
        atOnce: count,
        failuresAllowed: count,
        soakMinutes: count,
        together: z.boolean().catch(false),
        gates: z.record(z.string(), z.unknown()).catch({}),
      }),
    ),
  }),
});

const wave = z.object({ outputs: z.object({ wave: z.string(), passed: text }) });

const kernel = z.object({
  urn: z.string(),
  inputs: z.object({
    version: text,
    source: text,
    patches: z.record(z.string(), z.unknown()).catch({}),
    machines: texts,
    config: z.record(z.string(), z.string()).catch({}),
  }),
});

/** What the report shows of a stack's state. Nothing else is read from it. */
export function recordedFleet(state: ExportedStack): RecordedFleet {
  const [summary] = resourcesOf(state, 'pulumi:pulumi:Stack', stackOutputs);
  const { stack, project } = parseUrn(summary?.urn ?? state.deployment.resources[0]?.urn ?? '');
  const passed = new Map(
    resourcesOf(state, 'nixos:index:Wave', wave).map(({ outputs }) => [outputs.wave, outputs.passed]),
  );
  return {
    project,
    stack,
    hosts: resourcesOf(state, 'nixos:index:Deployment', deployment)
      .map((each) => recordedHost(each, summary?.outputs.machines ?? {}))
      .sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true })),
    waves: resourcesOf(state, 'nixos:index:Rollout', rollout).flatMap(({ inputs }) =>
      inputs.waves.map((each) => ({
        name: each.name,
        hosts: each.hosts,
        settings: waveSettings(each),
        passed: passed.get(each.name) || undefined,
      })),
    ),
    kernels: resourcesOf(state, 'nixos:index:Kernel', kernel)
      .map(({ urn, inputs }) => ({
        ...inputs,
        name: parseUrn(urn).name,
        patches: Object.keys(inputs.patches),
      }))
      .sort((one, other) => other.machines.length - one.machines.length || (one.name < other.name ? -1 : 1)),
  };
}

function recordedHost(
  { urn, inputs, outputs }: z.infer<typeof deployment>,
  summaries: Readonly<Record<string, { description: string }>>,
): RecordedHost {
  const name = inputs.host || parseUrn(urn).name;
  const running = outputs?.live;
  return {
    name,
    description: summaries[name]?.description ?? '',
    desired: inputs.system,
    running: running && { ...running, next: running.profileSystem },
    revision: running?.revision ?? '',
    deployments: (running?.history ?? '').split('\n').filter(Boolean).map(parseDeployment),
    facts: factsIn(outputs?.facts || inputs.facts),
  };
}

function factsIn(text: string): HostFacts | undefined {
  try {
    return text === '' ? undefined : parseFacts(text);
  } catch {
    // Of another version.
    return undefined;
  }
}

type WaveInputs = z.infer<typeof rollout>['inputs']['waves'][number];

function waveSettings({ atOnce, failuresAllowed, soakMinutes, together, gates }: WaveInputs): string[] {
  const names = Object.keys(gates);
  return [
    ...(atOnce > 0 ? [`${atOnce} at once`] : []),
    ...(together ? ['together'] : []),
    ...(failuresAllowed > 0 ? [`${failuresAllowed} may fail`] : []),
    ...(soakMinutes > 0 ? [`soak ${soakMinutes} min`] : []),
    ...(names.length > 0 ? [`${names.length === 1 ? 'gate' : 'gates'} ${names.join(', ')}`] : []),
  ];
}
