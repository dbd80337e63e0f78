import { type KernelInputs, type KernelState, kernelInputs, kernelState } from '../../schema/kernel.ts';
import { changesFrom, leafDiff, noChanges, sameValue } from '../diff.ts';
import { gcRootName, gcRootPath, removeGcRoot } from '../gc-root.ts';
import type { Resource } from '../resource.ts';
import { buildAndKeep } from '../store-build.ts';
import { importedOutput, storePathProblems } from '../store-path.ts';

/** More lines than somebody reads in a preview. */
const mostChanges = 400;

/** A state that an earlier version wrote has no machines. */
function machinesNote({ machines = [] }: Partial<KernelInputs>): string[] {
  return machines.length > 0 ? [`for ${machines.join(', ')}: each runs it after its next restart`] : [];
}

/** Symbols of the whole configuration that change, beside those that are asked for and shown as inputs. */
function configuredChanges(old: KernelInputs, asked: KernelInputs): string[] {
  if (old.configured === undefined || asked.configured === undefined) return [];
  const before = symbols(old.configured);
  const after = symbols(asked.configured);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const lines = names.flatMap((name) => {
    const [was, is] = [before.get(name) ?? 'n', after.get(name) ?? 'n'];
    return was === is || old.config[name] !== asked.config[name] ? [] : [`~ ${name}: ${was} => ${is}`];
  });
  if (lines.length === 0) return [];
  const more = lines.length > mostChanges ? [`… and ${lines.length - mostChanges} more`] : [];
  return [['Kconfig changes with them:', ...lines.slice(0, mostChanges), ...more].join('\n  ')];
}

function symbols(text: string): Map<string, string> {
  return new Map(
    text.split('\n').map((line): [string, string] => {
      const equals = line.indexOf('=');
      return [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
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
      notes: [...machinesNote(asked), ...configuredChanges(recorded.inputs, asked)],
    });
  },

  preview({ builders: _, ...asked }, recorded) {
    return { ...asked, ...(recorded ? { gcRoot: recorded.state.gcRoot } : {}) };
  },

  async create({ builders, ...inputs }, context) {
    const gcRoot = gcRootPath(context.urn, 'kernel');
    await buildAndKeep({ drvPath: inputs.drvPath, outPath: inputs.outPath, gcRoot, builders }, context);
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
    await buildAndKeep({ drvPath: asked.drvPath, outPath: asked.outPath, gcRoot, builders }, context);
    return { ...asked, gcRoot };
  },

  async delete(recorded) {
    await removeGcRoot(recorded.state.gcRoot);
  },
};
