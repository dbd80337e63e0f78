import { sameValue } from '../../../lib/base/differences.ts';
import { configuredChanges } from '../../../lib/evaluation/changes.ts';
import { summarizeSymbols } from '../../../lib/evaluation/summarize-facts.ts';
import {
  type KernelInputs,
  type KernelState,
  kernelInputs,
  kernelState,
  symbolsOf,
} from '../../../schema/kernel.ts';
import { changesFrom, leafDiff, noChanges } from '../../diff.ts';
import type { Resource } from '../../resource.ts';
import { gcRootName, gcRootPath, removeGcRoot } from '../../store/gc-root.ts';
import { buildKernel } from '../../store/store-build.ts';
import { importedOutput, storePathProblems } from '../../store/store-path.ts';

/** States of earlier versions have no machines. */
function machinesNote({ machines = [] }: Partial<KernelInputs>): string[] {
  return machines.length > 0 ? [`for ${machines.join(', ')}: each runs it after its next restart`] : [];
}

/** Symbols of the whole configuration that change beside the desired ones, which are shown as inputs. */
function configuredNote(old: KernelInputs, desired: KernelInputs): string[] {
  if (old.configured === undefined || desired.configured === undefined) return [];
  const lines = configuredChanges(
    { config: old.config, configured: symbolsOf(old.configured) },
    { config: desired.config, configured: symbolsOf(desired.configured) },
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
  summaries: {
    config: summarizeSymbols,
    configured: (text: string) => summarizeSymbols(symbolsOf(text)),
  },

  check(inputs) {
    return storePathProblems(inputs);
  },

  diff(recorded, desired) {
    if (sameValue(recorded.inputs.outPath, desired.outPath)) return noChanges;
    // The other paths of the same build add nothing to the output's.
    const shown = ({
      drvPath: _,
      dev: _dev,
      configured: _text,
      machines: _machines,
      builders: _builders,
      ...rest
    }: KernelInputs) => rest;
    if (recorded.inputs.drvPath === '') {
      return changesFrom(leafDiff(recorded.inputs.outPath, desired.outPath, { at: ['outPath'] }), {
        notes: ['the symbols of an imported kernel are not known, so only its path is compared'],
      });
    }
    return changesFrom(leafDiff(shown(recorded.inputs), shown(desired)), {
      notes: [...machinesNote(desired), ...configuredNote(recorded.inputs, desired)],
    });
  },

  preview({ builders: _, ...desired }, recorded) {
    return { ...desired, ...(recorded ? { gcRoot: recorded.state.gcRoot } : {}) };
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

  async update(_recorded, { builders, ...desired }, context) {
    const gcRoot = gcRootPath(context.urn, 'kernel');
    await buildKernel({ drvPath: desired.drvPath, outPath: desired.outPath, gcRoot, builders }, context);
    return { ...desired, gcRoot };
  },

  async delete(recorded, _context, replaced) {
    if (!replaced) await removeGcRoot(recorded.state.gcRoot);
  },
};
