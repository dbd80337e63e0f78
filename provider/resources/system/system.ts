import { sameValue } from '../../../lib/base/differences.ts';
import { type SystemInputs, type SystemState, systemInputs, systemState } from '../../../schema/system.ts';
import { changesFrom, leafDiff, noChanges } from '../../diff.ts';
import type { Resource } from '../../resource.ts';
import { gcRootName, gcRootPath, removeGcRoot } from '../../store/gc-root.ts';
import { buildAndKeep } from '../../store/store-build.ts';
import { importedOutput, storePathProblems } from '../../store/store-path.ts';

/** The built system closure of one machine, on the operator's computer. */
export const system: Resource<SystemInputs, SystemState> = {
  token: 'nixos:index:System',
  description:
    'The system closure of one machine, built on this computer and kept from garbage collection until it is replaced.',
  inputs: systemInputs,
  state: systemState,

  check(inputs) {
    return storePathProblems(inputs);
  },

  diff(recorded, desired) {
    // The same closure is the same system, however it was evaluated.
    if (sameValue(recorded.inputs.outPath, desired.outPath)) return noChanges;
    return changesFrom(leafDiff(recorded.inputs.outPath, desired.outPath, { at: ['outPath'] }));
  },

  preview({ builders: _, ...desired }, recorded) {
    return { ...desired, ...(recorded ? { gcRoot: recorded.state.gcRoot } : {}) };
  },

  async create(inputs, context) {
    const gcRoot = gcRootPath(context.urn, 'system');
    await buildAndKeep({ ...inputs, gcRoot }, context);
    const { builders: _, ...made } = inputs;
    return { id: gcRootName(context.urn, 'system'), state: { ...made, gcRoot } };
  },

  async read(id, recorded, context) {
    // The state records what was built; only a machine can drift from it.
    if (recorded) return { id, ...recorded };
    const inputs = { host: context.name, drvPath: '', outPath: importedOutput(id, context.name) };
    return { id, inputs, state: { ...inputs, gcRoot: gcRootPath(context.urn, 'system') } };
  },

  async update(_recorded, desired, context) {
    const gcRoot = gcRootPath(context.urn, 'system');
    await buildAndKeep({ ...desired, gcRoot }, context);
    const { builders: _, ...made } = desired;
    return { ...made, gcRoot };
  },

  async delete(recorded, _context, replaced) {
    if (!replaced) await removeGcRoot(recorded.state.gcRoot);
  },
};
