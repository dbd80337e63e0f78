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

  /** Once for each system: other settings hold from the next one on. */
  diff(recorded, asked) {
    const { stack, host } = recorded.inputs;
    const who = leafDiff({ stack, host }, { stack: asked.stack, host: asked.host }, { replace: true });
    const system = leafDiff(recorded.inputs.outPath, asked.outPath, { at: ['outPath'] });
    return changesFrom({ ...who, ...system });
  },

  preview(asked, recorded) {
    if (!recorded || recorded.inputs.outPath !== asked.outPath) return asked;
    const { rehearsedAt, kernel, seconds } = recorded.state;
    return { ...asked, rehearsedAt, kernel, seconds };
  },

  async create(inputs, context) {
    return { id: `${inputs.stack}/${inputs.host}`, state: await play(inputs, context) };
  },

  async read(id, recorded) {
    return recorded && { id, ...recorded };
  },

  async update(_, asked, context) {
    return await play(asked, context);
  },

  async delete({ inputs }, context) {
    await endRehearsal(inputs);
    await removeGcRoot(gcRootPath(context.urn, 'rehearsal'));
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
