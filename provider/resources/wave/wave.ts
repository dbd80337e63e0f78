import { FleetError } from '../../../lib/base/errors.ts';
import { counted, listed } from '../../../lib/base/text.ts';
import {
  type PlannedWave,
  type WaveInputs,
  type WaveState,
  waveInputs,
  waveState,
} from '../../../schema/rollout.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Context, Resource } from '../../resource.ts';
import type { Outcome } from '../../rollout/rollout-run.ts';
import { cannotImport } from '../import-error.ts';
import { describeWave } from './describe.ts';
import { soak } from './soak.ts';

/** The gate after one wave of a rollout: the deployments of the next wave depend on it. */
export const wave: Resource<WaveInputs, WaveState> = {
  token: 'nixos:index:Wave',
  description:
    'The gate after one wave of a rollout. It is passed when no more machines of the wave have failed than may, its soak is over, and its gates and the machines’ health checks hold.',
  inputs: waveInputs,
  state: waveState,

  /** Other systems are a reason to pass the gate again, and so are machines without one. */
  diff({ inputs }, desired) {
    return changesFrom({
      ...leafDiff(systemsOf(inputs), systemsOf(desired), { at: ['machines'] }),
      ...leafDiff(inputs.unevaluated ?? [], desired.unevaluated, { at: ['unevaluated'] }),
    });
  },

  preview: (desired) => desired,

  async explain(recorded, desired, { rollout }) {
    const planned = rollout.wave(desired.wave);
    return planned && describeWave(planned, changedMachines(recorded?.inputs, desired));
  },

  create: async (inputs, context) => ({ id: inputs.wave, state: await pass(inputs, context) }),

  async read(id, recorded, context) {
    if (recorded) return { id, ...recorded };
    throw cannotImport(
      `the wave ${context.name}`,
      'it is nothing on a machine',
      'Declare it: the next pulumi up creates it.',
    );
  },

  update: async (_recorded, desired, context) => await pass(desired, context),

  delete: async () => undefined,
};

/** Systems by machine, which may be unknown in a preview. */
function systemsOf({ machines }: WaveInputs): unknown {
  if (typeof machines !== 'object') return machines;
  return Object.fromEntries(
    Object.entries(machines).map(([name, machine]) => [name, { system: machine?.system }]),
  );
}

function changedMachines(recorded: WaveInputs | undefined, desired: WaveInputs): string[] {
  return Object.entries(desired.machines ?? {})
    .filter(([name, { system }]) => recorded?.machines?.[name]?.system !== system)
    .map(([name]) => name);
}

async function pass(inputs: WaveInputs, context: Context): Promise<WaveState> {
  const { rollout, signal } = context;
  const planned = rollout.wave(inputs.wave);
  if (!planned)
    throw new FleetError({
      code: 'config-invalid',
      what: `the wave ${inputs.wave} is in no rollout`,
      fix: 'Declare a Rollout with this wave before it.',
    });
  // Without allowed failures, Pulumi calls this only after all deployments of the wave.
  if (planned.failuresAllowed > 0) context.status('waiting for the machines of the wave');
  const outcomes =
    planned.failuresAllowed > 0 ? await rollout.settled(planned, signal) : rollout.outcomes(planned.hosts);
  const failed = failuresOf(planned, outcomes);
  if (failed.length > planned.failuresAllowed) throw tooMany(planned, failed, outcomes);
  if (failed.length > 0)
    context.log(
      'warning',
      `wave ${planned.name}: ${counted(failed.length, 'machine')} failed (${listed(failed)}), ${planned.failuresAllowed} may: the rollout goes on`,
    );
  await soak(planned, inputs, outcomes, context);
  return { ...inputs, passed: new Date().toISOString(), failed };
}

/** Machines that have not got their system. Where none may fail, one without an outcome was left out of the run by its user. */
function failuresOf(planned: PlannedWave, outcomes: Readonly<Record<string, Outcome>>): string[] {
  return planned.hosts.filter((host) => {
    const kind = outcomes[host]?.kind;
    return kind === 'failed' || (kind === 'not-begun' && planned.failuresAllowed > 0);
  });
}

function tooMany(
  { name, failuresAllowed }: PlannedWave,
  failed: readonly string[],
  outcomes: Readonly<Record<string, Outcome>>,
): FleetError {
  const reasons = failed.map((host) => {
    const outcome = outcomes[host];
    return `${host}: ${outcome?.kind === 'failed' ? outcome.why : 'was not begun'}`;
  });
  return new FleetError({
    code: 'gate-failed',
    what: `wave ${name}: ${counted(failed.length, 'machine')} failed, ${failuresAllowed} may`,
    why: reasons.join('\n'),
    fix: 'Later waves were not begun. Fix the cause; the next `pulumi up` goes on from here.',
  });
}
