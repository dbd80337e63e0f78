import { endRehearsal, rehearse } from '../../../lib/local/rehearsal/rehearse.ts';
import {
  type RehearsalInputs,
  type RehearsalState,
  rehearsalInputs,
  rehearsalState,
} from '../../../schema/rehearsal.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Context, Resource } from '../../resource.ts';
import { gcRootPath, removeGcRoot } from '../../store/gc-root.ts';
import { buildAndKeep } from '../../store/store-build.ts';
import { storePathProblems } from '../../store/store-path.ts';

/** A system that is booted in a throw-away virtual machine before its machine is touched. Its id is STACK/HOST. */
export const rehearsal: Resource<RehearsalInputs, RehearsalState> = {
  token: 'nixos:index:Rehearsal',
  description:
    'Boots a system in a virtual machine on this computer, once for each system, and fails where it does not come up healthy.',
  inputs: rehearsalInputs,
  state: rehearsalState,

  check(inputs) {
    return storePathProblems(inputs);
  },

  /** A system is rehearsed once: changed settings apply to the next one. */
  diff(recorded, desired) {
    const { stack, host } = recorded.inputs;
    const who = leafDiff({ stack, host }, { stack: desired.stack, host: desired.host }, { replace: true });
    const system = leafDiff(recorded.inputs.outPath, desired.outPath, { at: ['outPath'] });
    return changesFrom({ ...who, ...system });
  },

  preview(desired, recorded) {
    if (!recorded || recorded.inputs.outPath !== desired.outPath) return desired;
    const { rehearsedAt, kernel, seconds } = recorded.state;
    return { ...desired, rehearsedAt, kernel, seconds };
  },

  async create(inputs, context) {
    return { id: `${inputs.stack}/${inputs.host}`, state: await play(inputs, context) };
  },

  async read(id, recorded) {
    return recorded && { id, ...recorded };
  },

  async update(_, desired, context) {
    return await play(desired, context);
  },

  async delete({ inputs }, context, replaced) {
    await endRehearsal(inputs);
    if (!replaced) await removeGcRoot(gcRootPath(context.urn, 'rehearsal'));
  },
};

async function play(inputs: RehearsalInputs, context: Context): Promise<RehearsalState> {
  const { host, drvPath, outPath } = inputs;
  await buildAndKeep({ host, drvPath, outPath, gcRoot: gcRootPath(context.urn, 'rehearsal') }, context);
  const seen = await rehearse(inputs, {
    signal: context.signal,
    status: (message) => context.status(message),
    warn: (message) => context.log('warning', message),
  });
  context.log('info', `${host}: rehearsed on kernel ${seen.kernel}; ssh answered after ${seen.seconds} s`);
  return { ...inputs, ...seen };
}
