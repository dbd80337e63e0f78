import { configuredChanges } from '../../../lib/evaluation/changes.ts';
import {
  type KernelInputs,
  type KernelState,
  kernelInputs,
  kernelState,
  symbolsOf,
} from '../../../schema/kernel.ts';
import { changesFrom, leafDiff, noChanges, sameValue } from '../../diff.ts';
import type { Resource } from '../../resource.ts';
import { gcRootName, gcRootPath, removeGcRoot } from '../../store/gc-root.ts';
import { buildKernel } from '../../store/store-build.ts';
import { importedOutput, storePathProblems } from '../../store/store-path.ts';

/** A state that an earlier version wrote has no machines. */
function machinesNote({ machines = [] }: Partial<KernelInputs>): string[] {
  return machines.length > 0 ? [`for ${machines.join(', ')}: each runs it after its next restart`] : [];
}

/** Symbols of the whole configuration that change, beside those that are asked for and shown as inputs. */
function configuredNote(old: KernelInputs, asked: KernelInputs): string[] {
  if (old.configured === undefined || asked.configured === undefined) return [];
  const lines = configuredChanges(
    { config: old.config, configured: symbolsOf(old.configured) },
    { config: asked.config, configured: symbolsOf(asked.configured) },
  );
  return lines.length > 0 ? [['Kconfig changes with them:', ...lines].join('\n  ')] : [];
}

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
    const shown = ({
      drvPath: _,
      dev: _dev,
      configured: _text,
      machines: _machines,
      builders: _builders,
      ...rest
    }: KernelInputs) => rest;
    if (recorded.inputs.drvPath === '') {
      return changesFrom(leafDiff(recorded.inputs.outPath, asked.outPath, { at: ['outPath'] }), {
        notes: ['the symbols of an imported kernel are not known, so only its path is compared'],
      });
    }
    return changesFrom(leafDiff(shown(recorded.inputs), shown(asked)), {
      notes: [...machinesNote(asked), ...configuredNote(recorded.inputs, asked)],
    });
  },

  preview({ builders: _, ...asked }, recorded) {
    return { ...asked, ...(recorded ? { gcRoot: recorded.state.gcRoot } : {}) };
  },

  async create({ builders, ...inputs }, context) {
    const gcRoot = gcRootPath(context.urn, 'kernel');
    await buildKernel({ drvPath: inputs.drvPath, outPath: inputs.outPath, gcRoot, builders }, context);
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
      machines: [],
    };
    return { id, inputs, state: { ...inputs, gcRoot: gcRootPath(context.urn, 'kernel') } };
  },

  async update(_recorded, { builders, ...asked }, context) {
    const gcRoot = gcRootPath(context.urn, 'kernel');
    await buildKernel({ drvPath: asked.drvPath, outPath: asked.outPath, gcRoot, builders }, context);
    return { ...asked, gcRoot };
  },

  async delete(recorded) {
    await removeGcRoot(recorded.state.gcRoot);
  },
};
