import { type KernelInputs, type KernelState, kernelInputs, kernelState } from '../../schema/kernel.ts';
import { changesFrom, leafDiff, noChanges, sameValue } from '../diff.ts';
import { gcRootName, gcRootPath, removeGcRoot } from '../gc-root.ts';
import type { Resource } from '../resource.ts';
import { buildAndKeep } from '../store-build.ts';
import { importedOutput, storePathProblems } from '../store-path.ts';

/** A built kernel, on the operator's computer; machines that run the same kernel share it. */
export const kernel: Resource<KernelInputs, KernelState> = {
  token: 'nixos:index:Kernel',
  description:
    'A kernel that one or more machines run, built on this computer. Its inputs show every config symbol that changes.',
  inputs: kernelInputs,
  state: kernelState,

  check(inputs) {
    return storePathProblems(inputs);
  },

  diff(recorded, asked) {
    if (sameValue(recorded.inputs.outPath, asked.outPath)) return noChanges;
    // Paths of the same build say nothing that the output's does not.
    const shown = ({ drvPath: _, dev: _dev, ...rest }: KernelInputs) => rest;
    if (recorded.inputs.drvPath === '') {
      return changesFrom(leafDiff(recorded.inputs.outPath, asked.outPath, { at: ['outPath'] }), {
        notes: ['the symbols of an imported kernel are not known, so only its path is compared'],
      });
    }
    return changesFrom(leafDiff(shown(recorded.inputs), shown(asked)));
  },

  preview(asked, recorded) {
    return { ...asked, ...(recorded ? { gcRoot: recorded.state.gcRoot } : {}) };
  },

  async create(inputs, context) {
    const gcRoot = gcRootPath(context.urn, 'kernel');
    await buildAndKeep({ drvPath: inputs.drvPath, outPath: inputs.outPath, gcRoot }, context);
    return { id: gcRootName(context.urn, 'kernel'), state: { ...inputs, gcRoot } };
  },

  async read(id, recorded, context) {
    if (recorded) return { id, ...recorded };
    const inputs = {
      version: '',
      modDirVersion: '',
      drvPath: '',
      outPath: importedOutput(id, context.name),
      source: '',
      sourceRevision: '',
      patches: {},
      config: {},
      dev: '',
    };
    return { id, inputs, state: { ...inputs, gcRoot: gcRootPath(context.urn, 'kernel') } };
  },

  async update(_recorded, asked, context) {
    const gcRoot = gcRootPath(context.urn, 'kernel');
    await buildAndKeep({ drvPath: asked.drvPath, outPath: asked.outPath, gcRoot }, context);
    return { ...asked, gcRoot };
  },

  async delete(recorded) {
    await removeGcRoot(recorded.state.gcRoot);
  },
};
